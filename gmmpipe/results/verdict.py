"""How far the answer for a data set can be trusted: one word, one sentence, and the reasons.

The lowest BIC chooses a model under preconditions: enough samples, a sweep that goes past the best
K, other models to choose from, restarts, and fits that are at their best. Each one that fails is a
reason with its numbers; only where all hold may a difference in BIC be weighed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gmmpipe.mixture.diagnostics.criteria import DECISIVE, STRENGTHS
from gmmpipe.results.words.wording import share

Level = Literal["settled", "probably", "not settled"]

EQUAL, RIVAL = STRENGTHS[0][0], DECISIVE
MOST = 2  # reasons in a sentence

CLAUSES = {
    "none": "every fit is degenerate, so no model is selected",
    "scarce": "{parameters} parameters were estimated from {samples:,.0f} samples, under"
    " {least} for each",
    "alone": "only one model was tried, so nothing was chosen",
    "one k": "only K = {k} was tried, so the number of components was not chosen",
    "one sound": "no other model of the {tried} tried has a sound fit",
    "edge": "the lowest BIC is at the {which} K of the sweep, {k}: try {more}",
    "last sound": "no K above {k} has a sound fit",
    "unfinished": "its run was cut off before a maximum (a larger fit.certify continues it)",
    "saddle": "its run ended on a saddle, where a maximum is near but not reached",
    "degenerate": "its run, continued to a maximum, ends in a degenerate fit",
    "unrecorded": "how its run ended is not recorded",
    "beaten": "it is not at its best: {by}, which it contains, has a higher log-likelihood"
    " ({option} adds starts there)",
    "short": "its run leads to a log-likelihood {gap:.2g} nats higher than it has after"
    " {iterations} iterations",
    "overtaken": "at the maxima to which their runs lead another model has the lower BIC: {other}",
    "single": "it rests on a single run, which cannot tell whether a better optimum exists",
    "nothing drawn": "its starts are not random, so restarts cannot tell whether a better optimum"
    " exists",
    "hits": "only {hits} of {finished} finished restarts found it",
    "target": "one more restart may find a better fit: that chance is below {bound} (95 %"
    " confidence), and {target} were asked for ({option} adds restarts)",
    "open runs": "{unfinished} of its {draws} restarts were cut off before a maximum",
    "rivals": "the best fit of {names} ({count} of {rivals} other models within {near:g} of its"
    " BIC) does not end at a maximum, or is less likely than a model that it contains, so the"
    " order may change",
    "rare": "fewer than {least} restarts found the best fit of {names} ({count} of {rivals} other"
    " models within {near:g} of its BIC), so the order may change",
    "open": "the best fit of {names} ({count} of {models} models) does not end at a maximum, or"
    " is less likely than a model that it contains",
    "close": "another model is as good: {other}, with a BIC only {gap:.2f} higher",
    "lead": "the BIC of another model is only {gap:.1f} higher: {other}",
    "unstable": "{runs} resamples disagree on the clusters: mean ARI {ari:.2f}",
    "seeds": "{runs} seeds from the start {start} disagree on the clusters: mean ARI {ari:.2f}",
    "criteria": "other criteria choose other models: {picks}",
    "tests": "the bootstrap test of K against K + 1 {where}",
}  # fmt: skip
COMPARES = {"close", "lead"}  # the reasons under which a difference in BIC may still be weighed


class Share(float):
    """A chance that is shown as a percentage."""

    def __format__(self, _: str) -> str:
        """Return the percentage."""
        return share(self)


@dataclass(frozen=True)
class Reason:
    """A reason for care, as data: which one, its numbers, and whether the answer may change."""

    code: str
    grave: bool
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def clause(self) -> str:
        """Return it as a part of a sentence."""
        return CLAUSES[self.code].format(**self.values)

    @property
    def text(self) -> str:
        """Return it as a sentence."""
        return f"{self.clause[0].upper()}{self.clause[1:]}."


@dataclass(frozen=True)
class Verdict:
    """What is said of the selected model (family and K; "" for none), the grave reasons first."""

    model: str
    reasons: tuple[Reason, ...]

    @property
    def level(self) -> Level:
        """Return the word: a grave reason leaves it open, any other makes it but probable."""
        if not self.reasons:
            return "settled"
        return "not settled" if self.reasons[0].grave else "probably"

    @property
    def comparable(self) -> bool:
        """Say whether all preconditions hold under which a difference in BIC may be weighed."""
        return all(reason.code in COMPARES for reason in self.reasons)

    @property
    def sentence(self) -> str:
        """Return the verdict in words."""
        if self.level == "settled":
            return f"Settled: {self.model}."
        named = [reason for reason in self.reasons if reason.grave] or self.reasons
        words = [reason.clause for reason in named[:MOST]]
        if rest := len(self.reasons) - len(words):
            words.append(f"and {rest} more reason{'s' if rest > 1 else ''}")
        head = "Not settled, because" if named[0].grave else f"Probably {self.model}, but"
        return f"{head} {'; '.join(words)}."


def grave(code: str, **values: Any) -> Reason:
    """Return a reason under which the answer may change."""
    return Reason(code, True, values)


def mild(code: str, **values: Any) -> Reason:
    """Return a reason for care."""
    return Reason(code, False, values)


def strength(difference: float) -> str:
    """Return in words how strong a difference in BIC is as evidence."""
    return next((word for limit, word in STRENGTHS if difference < limit), "very strong")
