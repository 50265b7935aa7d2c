"""What models refuse, and their reasons why theory has no number, as `sentences`: an English form
with a place for each value. Those of recurrent networks, attention and Boltzmann machines are in
`refusals_networks`. Referee: tests/serve/test_sentences.py finds each in the source of the models,
and each sentence of these here.
"""

from replicon.serve.words import sentence

FORMS = (
    # Curie-Weiss, glasses and lattices (ising).
    sentence("at temperature 0 every spin points along its field"),
    sentence("beyond the spinodal field only one solution is left"),
    sentence(
        "its entropy would be {entropy}, fewer than one level: below temperature {temperature} the"
        " branch is 'condensed'"
    ),
    sentence(
        "its breaking parameter T/T_c would be {value}, above 1: above temperature {temperature}"
        " the branch is 'paramagnet'"
    ),
    sentence(
        "size = {size} is too large for random-energy-model, which holds all 2^N energies: give"
        " size <= {most}."
    ),
    sentence(
        "in a field the overlap grows gradually (transition almeida-thouless is where it breaks)"
    ),
    sentence(
        "temperature = {temperature} is too cold to simulate sherrington-kirkpatrick: parallel"
        " tempering needs temperature >= {least}."
    ),
    sentence("Tempering has not equilibrated ({signs}): give more sweeps than {sweeps}."),
    sentence(
        "an antiferromagnet on a torus of odd L is frustrated, which maps it to no ferromagnet:"
        " give an even size, or simulate with method=heat-bath"
    ),
    sentence(
        "size = {size} is odd: method metropolis updates a checkerboard and needs an even L; or"
        " take method=heat-bath."
    ),
    sentence(
        "size = 2: method metropolis turns spins without field for certain, and never leaves some"
        " of the 16 states: take another method."
    ),
    sentence(
        "size = {size} is odd: on such a torus the bonds of coupling = {coupling} cannot all be"
        " satisfied, and method {method} needs two sublattices: give an even L, or"
        " method=heat-bath."
    ),
    sentence(
        "coupling = 0: method {method} would turn free spins without chance: give another coupling,"
        " or method=heat-bath."
    ),
    # Hopfield.
    sentence("there is no retrieval state beyond load {load}"),
    sentence("without other patterns there is no noise that could break the symmetry"),
    sentence("with C = 1/T >= 1 there is no paramagnet at temperatures up to 1"),
    sentence("no spin freezes above temperature 1 + sqrt(load)"),
    sentence(
        "size = {size} does not fit patterns={patterns}: its patterns have {spins} spins, give that"
        " size."
    ),
    sentence("load = {load} needs {count} patterns: {patterns} has {there}, give load <= {most}."),
    sentence(
        "load = {load} is too large for rule=pseudo-inverse: the patterns must be independent, give"
        " load < 1."
    ),
    # Perceptron.
    sentence("there are no solutions at load {load}: it lies beyond the capacity"),
    sentence("there are no solutions at that load: it lies beyond the capacity"),
    sentence("there are no solutions beyond the capacity of these weights and this margin"),
    sentence(
        "no replica-symmetric saddle is resolved at distance {distance}: there the overlap of"
        " different pairs nears its largest value, {most}"
    ),
    sentence(
        "no replica-symmetric saddle is resolved at distance {distance}: so near the random"
        " configuration, or its opposite, solutions become one"
    ),
    sentence(
        "pairs end where the replica-symmetric saddle is unstable or not resolved: give a larger"
        " load"
    ),
    sentence("it lies below distance {distance}, which is not looked at"),
    sentence(
        "there are pairs of solutions at every small distance: the gap opens at a larger load"
    ),
    sentence(
        "size = {size} is too large for exact enumeration of {model}: give size <= {most} (2^N"
        " weights)."
    ),
    sentence("infinitely many replicas are known of binary weights alone: give a finite number"),
    sentence(
        "the replica-symmetric entropy is negative there, the typical state is frozen: give a"
        " larger temperature or a smaller load"
    ),
    sentence("the saddle point was lost on the way from the typical overlap"),
    sentence("the integrand is too sharp for the quadrature: give fewer replicas, or inf"),
    sentence(
        "the integrand is too sharp for the quadrature: give a larger temperature or a smaller load"
    ),
    sentence(
        "it is known at margin 0 and temperature 0 of binary weights: leave these as they are"
    ),
    sentence(
        "it is known of binary weights without errors: leave weights and temperature as they are"
    ),
    sentence("clusters without external entropy were not found at overlap {overlap}"),
    sentence("the local entropy has no bulge at overlaps from {low} to {high}"),
    sentence("give an overlap below the norm of these weights, {norm}"),
    sentence("of a prior or channel of your own replica symmetry alone is known"),
    sentence("of a channel of your own replica symmetry alone is known"),
    sentence(
        "the overlap of the replica-symmetric saddle has reached one, far beyond the capacity: give"
        " a smaller load"
    ),
    sentence(
        "the state is not frozen: below the capacity there are solutions at any temperature, above"
        " it the temperature must be below transition 'freezing'"
    ),
    sentence(
        "below the capacity there are solutions, whose entropy is positive, at any temperature"
    ),
    sentence("no weights satisfy a symmetric constraint of that margin: give margin > 0"),
    sentence("no weights satisfy a symmetric constraint of that margin at any load"),
    sentence(
        "replica symmetry is stable there, and no clusters of more than one solution were found"
        " beside it: take branch replica-symmetric"
    ),
    sentence(
        "no saddle with clusters of more than one solution was found: take branch"
        " replica-symmetric, or frozen for binary weights"
    ),
    sentence("only binary weights freeze"),
    sentence("give a temperature > 0: the energy of the frozen state does not depend on it"),
    sentence(
        "spherical solutions with margin >= 0 form a convex set, whose replica symmetry holds up to"
        " the capacity"
    ),
    sentence("of a prior of your own it is known with constraint=threshold alone"),
    sentence("at that margin a symmetric constraint does not depend on the weights"),
    sentence("the capacity of a prior of your own is not known"),
    sentence("it is known of weights=ising alone, whose states are counted"),
    sentence("of a prior of your own branch imperfect alone is known"),
    sentence("spherical weights never know their teacher exactly: take branch imperfect"),
    sentence("spherical weights come to know their teacher gradually"),
    sentence(
        "weights = {weights} cannot be enumerated or counted by message passing: simulate"
        " weights=ising."
    ),
    sentence(
        "method = belief-propagation knows margin 0, temperature 0 and constraint threshold only:"
        " take method=amp."
    ),
    sentence(
        "'{name}' is a factor of your own, which message passing alone knows: take method=amp."
    ),
    sentence("weights = {weights} cannot be enumerated: simulate with method=amp."),
    sentence("weights = {weights} are not enumerated: simulate with method=amp."),
    sentence(
        "{method} needs patterns of +-1 and an odd number of weights: give an odd size and data"
        " other than gaussian."
    ),
    sentence(
        "load = {load} at size = {size} is more than {data} holds: give size <= 784 pixels and load"
        " * size <= {most} (1000 images of which {test} are kept for the test)."
    ),
    sentence(
        "{weights} weights are too many to enumerate: give at most {most}, or another method."
    ),
    # Restricted Boltzmann machine.
    sentence(
        "size = {size} is too large for method=enumeration: give size <= {most} (2^N weight"
        " vectors)."
    ),
    sentence(
        "size = {size} is too large for method=enumeration: give size <= {most} (4^N pairs of"
        " weights)."
    ),
    sentence(
        "size = {size} is too large for method=enumeration: give size <= {most} (2^N weights)."
    ),
    sentence(
        "size = {size} is too large for method=belief-propagation, a message an edge: give size <="
        " {most}, or method=amp."
    ),
    sentence("hidden = {hidden} is too many for method={method}: give hidden <= 2, or method=amp."),
    sentence(
        "method=learning-amp ends with the teacher's correlation, which prior=uniform leaves out:"
        " give prior=informed."
    ),
    sentence(
        "size = {size} is too large for method=enumeration: give size <= {most} (2^N weight"
        " vectors, of each hidden unit)."
    ),
    sentence(
        "approximation=hopfield is known for one hidden unit, and hidden = {hidden} was given: give"
        " hidden=1, or approximation=exact."
    ),
    sentence("approximation=hopfield is known for one hidden unit: give hidden=1"),
    sentence("one hidden unit has no other to differ from: give branch=retrieval"),
    sentence("no stable state was found"),
    sentence("the numbers found are no solution, since their entropy is above that of all weights"),
    sentence("this symmetry is not broken here"),
    sentence("one hidden unit has no other to be exchanged with"),
    sentence(
        "without correlation the units differ as soon as they learn (transition symmetry-breaking)"
    ),
    sentence("without correlation the units differ as soon as they learn (transition retrieval)"),
    sentence("the units of so cold a student differ already where it finds its teacher"),
    sentence("it lies beyond load {load}, where its domain ends"),
    sentence(
        "the states of {units} units that differ need an integral over {dimensions} dimensions:"
        " give hidden <= {most}, or correlation = 0, where each unit learns as if alone (the load"
        " at which learning begins is known for every number)"
    ),
    sentence("its quadrature errs by {error} here, more than {most}"),
    sentence("the Hopfield expansion needs beta^2 (1 - q) < 1, and q = 0: give beta < 1"),
    sentence("with the Hopfield expansion and beta >= 1 there is no paramagnet to begin from"),
    sentence("the teacher's inverse temperature is 0: its samples are noise"),
    sentence("no state was found that small overlaps would not leave"),
    sentence(
        "student=learned goes with approximation=exact and method=amp, and {control} = {word} was"
        " given: leave that out, or give student=fixed."
    ),
    sentence("without retrieval (the teacher's samples are noise) the spin glass never is stable"),
    sentence("replica symmetry is stable wherever the student retrieves"),
    sentence("on the matched line it is the Shannon entropy of the true posterior, never negative"),
    sentence("it is positive still at load {load}, where its domain ends"),
)
