# SPDX-License-Identifier: Apache-2.0
"""A row of the result: measured in rounds, each beside its limit, of which the median counts."""
import dataclasses
import statistics
import typing

TOLERANCE = 0.03  # of a ratio: as much as one core differs from one minute to the next


@dataclasses.dataclass
class Row:
    """What is measured once a round. `beside` gives the limit of the same moment; the ratio of both is what may be compared between machines."""
    id: str
    what: str
    measure: typing.Callable          # () -> wrk.Sample, or a number
    unit: str = "per CPU s"
    beside: typing.Optional[typing.Callable] = None
    limit: str = ""                   # what `beside` is
    target: typing.Optional[float] = None   # of the ratio, or of the number if there is no limit
    at_most: bool = False
    samples: list = dataclasses.field(default_factory=list)
    limits: list = dataclasses.field(default_factory=list)

    def round(self):
        limit = self.beside() if self.beside else None
        self.samples.append(self.measure())
        self.limits.append(limit)

    def values(self):
        return [getattr(s, "per_cpu", s) for s in self.samples]

    def _median(self, of):
        return statistics.median(getattr(s, of) for s in self.samples) if hasattr(self.samples[0], of) else None

    def _met(self, judged):
        """"yes", "no", or "within 3 %" of a ratio that is missed by no more."""
        def reaches(target):
            return judged <= target if self.at_most else judged >= target
        near = self.beside and reaches(self.target * (1 + TOLERANCE if self.at_most else 1 - TOLERANCE))
        return "yes" if reaches(self.target) else f"within {TOLERANCE:.0%}".replace("%", " %") if near else "no"

    def result(self):
        """One object for the table, the pictures and the documentation."""
        value = statistics.median(self.values())
        ratio = statistics.median(v / n for v, n in zip(self.values(), self.limits)) if self.beside else None
        judged = ratio if self.beside else value
        met = None if self.target is None else self._met(judged)
        loads = hasattr(self.samples[0], "per_cpu")
        return {
            "id": self.id, "what": self.what, "value": value, "unit": self.unit,
            "cpu_s_per_1000": 1000 / value if loads else None, "p50_ms": self._median("p50_ms"), "p99_ms": self._median("p99_ms"),
            "limit": statistics.median(self.limits) if self.beside else None, "limit_name": self.limit or None,
            "ratio": ratio, "target": self.target, "at_most": self.at_most, "met": met, "rounds": self.values(),
        }
