"""The rest of `refusals`: recurrent networks, attention, Boltzmann machines, Langevin dynamics."""

from replicon.serve.words import sentence

FORMS = (
    # Recurrent networks.
    sentence("phi'(0) is zero, so that x = 0 stays stable at any gain"),
    sentence("phi'(0) is zero, so that x = 0 is stable at any gain"),
    sentence(
        "with symmetry -1 all eigenvalues of the couplings are imaginary, so that x = 0 stays"
        " stable at any gain"
    ),
    sentence("couplings with symmetry have no potential once they move: take branch two-time"),
    sentence(
        "the numbers found are no solution, since their plateau, {plateau}, is not within the"
        " variance"
    ),
    sentence("the numbers found are no solution, since their Lyapunov exponent is below -1"),
    sentence("the state with a mean activity was not found, and the one without is unstable"),
    sentence(
        "the mean activity oscillates in discrete time, so that no stationary state is stable: take"
        " branch two-time"
    ),
    sentence(
        "a time step of {step} is too long for such fast motion (halving it would change {what})"
    ),
    sentence(
        "phi bends more sharply than its `breaks` tell, so that averages over it are wrong: give it"
        " more of them"
    ),
    sentence(
        "the covariances found are those of no random process: the time step is too long for such"
        " fast motion"
    ),
    sentence("size = {size} is too small for a random network: give size >= 8 (neurons)."),
    sentence(
        "the cavity equation has several solutions for one field, so that no state without broken"
        " symmetry is known: lower the gain"
    ),
    sentence("with a regulariser the ground state is no fixed point: give temperature > 0"),
    sentence(
        "no saddle with an overlap between replicas was found that Jensen's inequality allows"
    ),
    sentence("x = 0 is no fixed point, since phi(0) is not zero: take branch active"),
    sentence("x = 0 is no fixed point, since phi(0) is not zero: simulate"),
    sentence(
        "phi has a corner at 0, where the linear response of couplings with symmetry is not known"
    ),
    sentence("phi has a corner at 0, so that x = 0 has no linear response: simulate"),
    sentence("at temperature > 0 there is no rest: take branch active"),
    sentence("at temperature 0 take branch active"),
    sentence("no saddle without overlap between replicas was found: raise the temperature"),
    sentence("x = 0 has no real response so far beyond its loss of stability"),
    sentence(
        "regulariser > 0 with temperature = 0: the minimum is no fixed point; give temperature > 0."
    ),
    sentence(
        "rounding of the couplings leaves open whether x = 0 is stable here, or it is at its"
        " instability"
    ),
    sentence(
        "the couplings of a surrogate are drawn in simulations: theory is of original and random"
    ),
    sentence("no eigenvalue of the couplings {what}, so that x = 0 is stable at any gain"),
    sentence("has a positive real part"),
    sentence("differs from zero"),
    sentence("the couplings have no cycle, so that x = 0 is stable at any gain"),
    sentence(
        "the couplings have no cycle but of a neuron with itself, so that each neuron comes to rest"
        " after those before it"
    ),
    sentence(
        "the couplings are symmetric, so that an energy falls along every trajectory, which comes"
        " to rest"
    ),
    sentence("couplings = {couplings} are all zero: there is no network."),
    sentence(
        "trajectories grow beyond all bounds before they turn chaotic: give a phi that saturates"
    ),
    sentence(
        "size = {size} does not fit couplings={couplings}: it has {neurons} neurons, give that"
        " size."
    ),
    sentence("sums over two grids differ by {difference}: phi bends too sharply"),
    sentence(
        "couplings = {couplings} has {neurons} neurons: theory integrates over at most 3; simulate"
        " it."
    ),
    sentence(
        "this phi grows without bound, so that the range of the integrals is unknown: give one that"
        " saturates."
    ),
    sentence("a grid fine enough has {places} places, too many: raise the temperature, or scale J"),
    sentence(
        "the integration diverged at time {time}: give a bounded phi, a smaller step or smaller"
        " couplings."
    ),
    sentence(
        "the tangent vectors of the Lyapunov exponents were lost: give smaller couplings, or a"
        " smaller step."
    ),
    sentence(
        "duration = {duration} is less than a step of {step}: give a longer one, or a smaller step."
    ),
    sentence(
        "a duration of {duration} after {before} makes {records} records of {numbers} numbers,"
        " {steps} steps apart, more than memory holds: give shorter times."
    ),
    sentence("the sum of {count} Lyapunov exponents is not yet negative: follow more of them."),
    sentence(
        "no trajectory turned chaotic (exponent > {least}) within the scan: give other gains, or"
        " more starts."
    ),
    sentence(
        "trajectories are chaotic at gain {gain} already, where the scan begins: give gains that"
        " begin lower."
    ),
    sentence(
        "x = 0 is stable at any gain, so that no scan begins there: say by gains where to look for"
        " chaos."
    ),
    sentence(
        "at temperature {temperature} {share} of the trajectories were accepted, so that the states"
        " are still those of the start: give smaller couplings, a higher temperature or more"
        " sweeps."
    ),
    sentence(
        "the kinetic energy is beyond all numbers: give smaller couplings or starts, or a bounded"
        " phi."
    ),
    sentence("duration = {duration} makes {steps} steps of {step}: give at least 2."),
    sentence("{trajectories} trajectories are too few for {steps} steps: give at least 4 a step."),
    sentence(
        "the two-time theory diverged at time {time}: give a bounded phi, a smaller gain or step."
    ),
    sentence(
        "symmetry = {symmetry} makes trajectories that are not Gaussian: give trajectories, say"
        " 4000, to sample."
    ),
    # Attention.
    sentence("the errors are beyond what 64-bit numbers hold: give less extreme values"),
    sentence(
        "without ridge and in endless contexts of so few tasks the errors are infinite: give ridge"
        " > 0"
    ),
    sentence(
        "without ridge and with fewer prompts than weights the Boltzmann measure has flat"
        " directions, and at temperature > 0 its errors are infinite: give ridge > 0 or"
        " temperature=0"
    ),
    sentence(
        "without ridge the errors diverge at prompts = 1: give ridge > 0 or another number of"
        " prompts"
    ),
    sentence(
        "without ridge and in endless contexts the errors diverge at prompts = diversity: give"
        " ridge > 0 or another number of prompts"
    ),
    sentence("the error on new tasks is less than twice that on known ones at any diversity"),
    sentence(
        "the weights' heat exceeds what they learn at any ridge, and the larger it is the better"
    ),
    sentence(
        "ridge = 0 leaves directions without a minimum: give ridge > 0 with this temperature or"
        " method."
    ),
    sentence(
        "method = gradient-descent ends in the minimum whatever the temperature: give"
        " temperature=0, or another method."
    ),
    sentence("{name} = inf cannot be simulated: give a finite number ({what} / {unit})."),
    sentence("{name} = {value} gives no {what} at this size: give {control} >= {least}."),
    sentence("width = {width} is no multiple of {heads} (the heads): give {given}."),
    sentence(
        "The loss of pre-training became {loss} at step {step}: give smaller tasks or less noise."
    ),
    sentence("The ground state was not reached by {steps} steps of LSMR: raise the ridge."),
    sentence(
        "The ground state was not reached by {steps} steps of conjugate gradient: raise the ridge."
    ),
    sentence(
        "couplings are not positive definite: the energy falls without end, add a ridge to their"
        " diagonal."
    ),
    # Boltzmann machines and Langevin dynamics.
    sentence("size = {size} is too large for method=exact: give size <= {most} (2^N states)."),
    sentence(
        "size = {size} is too large for method=exact: give size <= {most} (2^N states), or"
        " method=monte-carlo."
    ),
    sentence(
        "size = {size} is no square patch of data={data}: give the square of a side of at most"
        " {pixels} pixels."
    ),
    sentence(
        "size = {size} is more than the {columns} columns of data={data}: give a smaller size."
    ),
    sentence("the paramagnet ends at beta = 1"),
    sentence("fewer rows than spins: C has no inverse"),
    sentence("no theory is known here for {what}: simulate it"),
    sentence("size = {size} has no random graph of degree {degree}: give an even size >= 4."),
    sentence(
        "load = {load} with size = {size} makes {rows} rows: give load >= 2, or"
        " method=pseudo-likelihood with regularization > 0."
    ),
    sentence("method = sgld takes minibatches of examples: give energy=regression."),
    sentence(
        "load = {load} with size = {size} leaves no example for method=sgld: give a larger load."
    ),
    sentence(
        "method=exact sums over 2^N states and takes at most {most} spins, X has {spins}: take"
        " monte-carlo."
    ),
    sentence(
        "method={method} gave no finite couplings for these data: give pseudocount > 0, or take"
        " method=pseudo-likelihood."
    ),
    sentence("No fit at {point}: {reason}"),
    sentence("penalty=l1 belongs to method=pseudo-likelihood, not to {method}: take penalty=l2."),
    sentence(
        "Column {column} is {value} in all {rows} rows, so its field would be infinite: leave that"
        " column out, or give pseudocount > 0 or, with a likelihood method, field_regularization >"
        " 0."
    ),
    sentence(
        "{rows} rows are too few for method={method} with {spins} spins: give at least {least}, or"
        " pseudocount > 0, or method=pseudo-likelihood with regularization > 0."
    ),
    sentence(
        "method={method} has no {setting}: leave it 0, give a pseudocount, or take"
        " method=pseudo-likelihood."
    ),
    sentence(
        "The energy is {energy} at the start of chain {chain}: start where it is finite, or mend"
        " it."
    ),
    sentence(
        "The energy became {energy} by step {step}, in chain {chain}; the last state before it"
        " begins {state} (|w| = {norm}): give a smaller step than {size}, or mend the energy."
    ),
)
