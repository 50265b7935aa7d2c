"""Sentences that come to the page in English with their values in them: refusals, and reasons why
theory has no number. The page knows them again by these forms, of which each value has a place, and
says them in its language (`words.js`, heard). Referee: tests/serve/test_sentences.py makes each.
"""

from replicon.serve.words import sentence

FORMS = (
    # Theory without a number (study.verdict).
    sentence("{model}, branch '{branch}', did not converge at {controls}: {reason}."),
    sentence("{model} did not converge at {controls}: {reason}."),
    sentence(
        "it was not found, which does not say that it does not exist; other branches: {branches}"
    ),
    sentence("it was not found, which does not say that it does not exist"),
    sentence("the branch ends at transition '{transition}', {control} {value}"),
    sentence(
        "the numbers found are no solution, since their {observable}, {value}, is not {bounds}"
    ),
    sentence("its {observable} is not finite"),
    sentence("there are no solutions beyond the capacity, load 0.833"),
    sentence("at temperatures of 1 and above nothing is retrieved"),
    sentence("a single pattern has no spin glass"),
    sentence("no stationary state was found"),
    sentence("x = 0 is unstable here"),
    sentence("x = 0 is no fixed point, since phi(0) is not zero"),
    sentence("give an overlap well above that of typical solutions, {overlap}"),
    sentence("it is defined for infinitely many replicas: leave replicas at inf"),
    # What is refused (_domains, asked, networks, exhibits).
    sentence("{name} = {value} is outside its domain: {control} must be {domain}."),
    sentence("{name} = {value} is not offered on this page: choose one of {words}."),
    sentence(
        "size = {size} is too large to run while you watch: give at most {most} {unit};"
        " `replicon simulate` has no such limit."
    ),
    sentence(
        "size = {size} with {prompts} prompts of {length} examples is too much to train while you"
        " watch: give a smaller size or fewer prompts; `replicon simulate` has no such limit."
    ),
    sentence(
        "context = {context} at this size makes prompts of more than {most} examples: give fewer,"
        " or a smaller size."
    ),
    # Processes that ended (solver, relay, processes, application).
    sentence("The theory of this point took longer than {seconds} s and was stopped."),
    sentence(
        "The process that solves the equations ended twice over this question: ask it otherwise."
    ),
    sentence("This question could not be answered ({error}): ask it otherwise."),
    sentence("This network could not be made in time: choose another."),
    sentence("This network is too slow to watch: make it smaller."),
    sentence("The networks end again and again: start another."),
    sentence("Too many pages are open: close one of them and load this one again."),
    sentence("A page may have {most} networks: leave one of them."),
)
