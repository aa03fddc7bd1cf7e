"""Where a response begins to be audible.

The first bytes of a response are often silence or noise (8 to 958 ms have been measured on one
service), so the first byte is not what a listener hears. The detector reads the level of 5 ms
hops, without their mean so that an offset counts for nothing, against the noise it has learnt
from the head of the response, and dates the onset back to the first sample that rose above it.

What rises is one of three things, distinguished by how it continues. It falls back within a few
hops: a click. It stays steady and faint: noise that set in, from now on the floor. Anything else is
the response, from where it first rose; so a quiet consonant or a fade-in ahead of a vowel counts.

What it cannot determine is stated in `doubt`: speech above a steady noise that is louder than
-42 dBFS, and speech that does not stand 8 dB out of its noise. How far off it is otherwise is
in the table of `harness selfcheck`.
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

_HOP_S = 0.005
_FULL_SCALE = 32768.0
# A delta may hold minutes; the work is done in slices of this many hops and stops when it can.
_SLICE_HOPS = 100
# Hops kept to date an onset back: the rise itself, two more to be sure of it, one before it.
_KEPT_HOPS = 4


def _power(dbfs: float) -> float:
    """Return mean-square level in squared sample steps."""
    return float(_FULL_SCALE**2 * 10 ** (dbfs / 10))


# Below these nothing rises, and nothing is speech; idle codecs and dither lie under both.
_RISE_GATE = _power(-55.0)
_LOUD_GATE = _power(-50.0)
# Comfort noise is at most this loud; a steady sound above it is not taken for noise.
_NOISE_CAP = _power(-42.0)
# White noise in a 5 ms hop varies by 0.6 dB at 24 kHz and 1 dB at 8 kHz, so these are many sigma.
_RISE_RATIO = 10 ** (5 / 10)
_LOUD_RATIO = 10 ** (8 / 10)
# Coloured noise dips deeper than it peaks.
_STEADY_RATIO = 10 ** (5 / 10)
_DIP_RATIO = 10 ** (8 / 10)
# A held vowel can be as steady as noise, but it repeats: normalised autocorrelation at the periods
# of a voice, for which these are the usual bounds.
_VOICED = 0.5
_VOICE_HZ = (70.0, 400.0)
# 4 loud hops of 6 are speech: a click of 15 ms is not, pulses of a low voice are.
_LOUD_HOPS, _OF_HOPS = 4, 6
_CLICK_GAP_HOPS = 3
# Steady for 150 ms is no consonant; for 60 ms if the response began with it.
_NOISE_HOPS = 30
_HEAD_NOISE_HOPS = 12
# A steady sound is watched for this long for something louder on top of it.
_WATCH_HOPS = 200
# More than three clicks' worth of hops just above the noise is speech that hides in it.
_FAINT_HOPS = 12
_FAINT = "speech stands less than 8 dB above steady noise"
_FLOOR_MEMORY = 0.9
_PEAK_SIGMAS = 4.0
_NOTHING: NDArray[np.int16] = np.empty(0, dtype=np.int16)


class OnsetDetector:
    """Finds the first audible sample of one response.

    Args:
        rate_hz: Sample rate of the response.

    Attributes:
        audible_sample: Index of the first audible sample, once it is known.
        doubt: Why it is not reliable, or cannot be determined; empty otherwise.
    """

    def __init__(self, rate_hz: int) -> None:
        self.audible_sample: int | None = None
        self.doubt = ""
        self._hop_samples = round(rate_hz * _HOP_S)
        # The last hops examined and what does not fill a hop yet, and where that begins.
        self._kept = _NOTHING
        self._kept_from = 0
        self._hop = 0
        self._floor: float | None = None
        self._rise: _Rise | None = None
        self._faint_hops = 0
        self._over = False

    @property
    def settled(self) -> bool:
        """Whether more samples can change nothing."""
        return self._over

    def feed(self, samples: NDArray[np.int16]) -> int | None:
        """Take the next samples of the response.

        Args:
            samples: int16, shape (n,), following what was fed before.

        Returns:
            Index of the first audible sample of the response once it is known, else `None`.
        """
        step = _SLICE_HOPS * self._hop_samples
        for start in range(0, len(samples), step):
            if self._over:
                break
            self._read(samples[start : start + step])
        return self.audible_sample

    def close(self) -> int | None:
        """Decide with what there is: the response is over.

        Returns:
            As `feed`.
        """
        rise, self._over, self._kept = self._rise, True, _NOTHING
        if self.audible_sample is None and rise is not None:
            if rise.steady and rise.level <= _NOISE_CAP:
                self._rise = None
            elif rise.loud(self._loud_above()) >= _LOUD_HOPS:
                self.audible_sample = rise.sample
            else:
                self._give_up(rise)
        if self.audible_sample is None and self._faint_hops > _FAINT_HOPS:
            self.doubt = _FAINT
        return self.audible_sample

    def is_loud(self, samples: NDArray[np.int16]) -> bool:
        """Return whether any hop of `samples` is as loud as speech over the noise known so far."""
        whole = len(samples) // self._hop_samples * self._hop_samples
        powers = _powers(samples[:whole], self._hop_samples)
        return max(powers, default=0.0) > self._loud_above()

    def last_loud(self, pieces: list[NDArray[np.int16]]) -> int | None:
        """Return which of several pieces is the last that `is_loud`, `None` for none of them."""
        last = len(pieces) - 1
        if self.is_loud(pieces[last]):
            return last
        size = len(pieces[0])
        if size % self._hop_samples or any(len(piece) != size for piece in pieces):
            return next((at for at in range(last - 1, -1, -1) if self.is_loud(pieces[at])), None)
        # All at once: numpy's overhead per call is larger than the work.
        powers, above = _powers(np.concatenate(pieces), self._hop_samples), self._loud_above()
        loud = next((hop for hop in range(len(powers) - 1, -1, -1) if powers[hop] > above), None)
        return None if loud is None else loud * self._hop_samples // size

    def _read(self, samples: NDArray[np.int16]) -> None:
        hop_samples = self._hop_samples
        kept = np.concatenate((self._kept, samples)) if len(self._kept) else samples
        examined = self._hop * hop_samples - self._kept_from
        hops = (len(kept) - examined) // hop_samples
        window = kept[examined : examined + hops * hop_samples]
        self._kept = kept
        if self._rise is None and not window.any():
            # Digital silence precedes many responses: it does not rise, and says nothing of noise.
            self._hop += hops
        else:
            self._examine_all(_powers(window, hop_samples))
        keep_hop = self._hop - _KEPT_HOPS
        if self._rise is not None and self._rise.hops <= _NOISE_HOPS:
            keep_hop = min(keep_hop, self._rise.hop)
        keep_from = max(self._kept_from, keep_hop * hop_samples)
        # A copy: a view would keep the whole delta, for every session.
        kept = self._kept[keep_from - self._kept_from :]
        self._kept = _NOTHING if self._over else kept.copy()
        self._kept_from = keep_from

    def _examine_all(self, powers: list[float]) -> None:
        """Take the levels of the hops from number `self._hop` on."""
        if self._rise is None and max(powers) <= self._rises_above():
            self._learn(powers)
            self._hop += len(powers)
            return
        for power in powers:
            self._examine(power)
            self._hop += 1
            if self._over:
                break

    def _examine(self, power: float) -> None:
        """Take the level of hop number `self._hop`."""
        rise = self._rise
        if rise is None:
            if power > self._rises_above():
                self._rise = _Rise(self._hop, self._first_above(self._hop), power)
            else:
                self._learn([power])
            return
        rise.add(power, quiet=power <= self._rises_above())
        if rise.steady and rise.hops == _NOISE_HOPS and self._is_voiced(rise):
            rise.steady = False
        if self.audible_sample is not None:
            self._watch(rise)
        elif rise.quiet_hops > _CLICK_GAP_HOPS:
            self._give_up(rise)
        elif rise.steady and rise.level <= _NOISE_CAP:
            if rise.hops >= _NOISE_HOPS:
                self._floor, self._rise = rise.level, None
        elif self._headed_by_noise(rise):
            self._floor, self._rise = rise.level, None
            self._begin_again(rise)
        elif rise.loud(self._loud_above(), last=_OF_HOPS) >= _LOUD_HOPS:
            self.audible_sample = rise.sample
            if self._faint_hops > _FAINT_HOPS:
                self.doubt, self._over = _FAINT, True
            else:
                self._watch(rise)
        elif rise.hops > _WATCH_HOPS:
            self._give_up(rise)
            self._floor = rise.level

    def _give_up(self, rise: "_Rise") -> None:
        """Treat what rose as a click, or as speech that is too faint to be certain."""
        risen = rise.loud(self._rises_above())
        if self._rises_above() > _RISE_GATE and risen >= _LOUD_HOPS:
            self._faint_hops += risen
        self._rise = None

    def _headed_by_noise(self, rise: "_Rise") -> bool:
        """Return whether the response began with noise that was steady until just now."""
        return (
            rise.hop == 0
            and rise.level <= _NOISE_CAP
            and rise.hops - rise.head_hops <= 3
            and rise.head_hops >= _HEAD_NOISE_HOPS
            and not self._is_voiced(rise)
        )

    def _begin_again(self, rise: "_Rise") -> None:
        """Examine anew what follows the steady head of `rise`, now that it is the floor."""
        after, here = rise.after_head(), self._hop
        for back, power in zip(range(len(after) - 1, -1, -1), after, strict=True):
            self._hop = here - back
            self._examine(power)
        self._hop = here

    def _watch(self, rise: "_Rise") -> None:
        """Detect what is louder than a steady sound that the response began with."""
        watched = rise.hop == 0 and self._floor is None and rise.hops <= _WATCH_HOPS
        if watched and rise.steady:
            return
        self._over = True
        louder = sum(power > rise.level * _STEADY_RATIO for power in rise.after_head())
        if watched and rise.head_hops > _NOISE_HOPS and louder >= 2:
            level_dbfs = 10 * np.log10(rise.level / _FULL_SCALE**2)
            self.doubt = f"steady noise of {level_dbfs:.0f} dBFS goes before the speech"

    def _learn(self, powers: list[float]) -> None:
        """Move the floor towards hops that did not rise; exact silence says nothing of noise."""
        sounding = [power for power in powers if power > 0]
        if not sounding:
            return
        mean = sum(sounding) / len(sounding)
        keep = 0.0 if self._floor is None else _FLOOR_MEMORY ** len(sounding)
        self._floor = keep * (self._floor or 0.0) + (1 - keep) * mean

    def _rises_above(self) -> float:
        return max(_RISE_GATE, (self._floor or 0.0) * _RISE_RATIO)

    def _loud_above(self) -> float:
        return max(_LOUD_GATE, (self._floor or 0.0) * _LOUD_RATIO)

    def _is_voiced(self, rise: "_Rise") -> bool:
        """Return whether the steady head of `rise` repeats as a voice does."""
        size = self._hop_samples
        start = rise.hop * size - self._kept_from
        head = self._kept[start : start + rise.head_hops * size].astype(np.float64)
        head -= head.mean()
        spectrum = np.fft.rfft(head, 2 * len(head))
        likeness = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)
        slowest, fastest = (round(size / _HOP_S / hz) for hz in _VOICE_HZ)
        periods = likeness[fastest : slowest + 1]
        best = int(np.argmax(periods))
        inside = 0 < best < len(periods) - 1
        return inside and bool(periods[best] > _VOICED * likeness[0])

    def _first_above(self, hop: int) -> int:
        """Return the first sample that stands out, in hop number `hop` or the one before it."""
        size = self._hop_samples
        here = hop * size - self._kept_from
        before = max(0, here - size)
        peak = sqrt(max(_RISE_GATE, (self._floor or 0.0) * _PEAK_SIGMAS**2))
        # For two hops numpy's overhead per call is larger than the work.
        levels: list[int] = self._kept[before : here + size].tolist()
        lead = here - before
        base = sum(levels[:lead]) / lead if lead else 0.0
        for number, level in enumerate(levels, start=before):
            if abs(level - base) > peak:
                return self._kept_from + number
        return self._kept_from + here


class _Rise:
    """Hops since the level rose: how steadily they continue.

    Args:
        hop: Number of the first.
        sample: The sample it is dated back to.
        power: Its level.
    """

    __slots__ = (
        "_alike",
        "_away",
        "_powers",
        "_sum",
        "head_hops",
        "hop",
        "quiet_hops",
        "sample",
        "steady",
    )

    def __init__(self, hop: int, sample: int, power: float) -> None:
        self.hop, self.sample = hop, sample
        self.quiet_hops = 0
        self.steady = True
        self.head_hops = 1
        # The first hop is only partly sound, so the level is that of the ones after it.
        self._powers = [power]
        self._sum, self._alike = 0.0, 0
        self._away: tuple[bool, bool] = (False, False)

    @property
    def hops(self) -> int:
        """Number of hops so far."""
        return len(self._powers)

    @property
    def level(self) -> float:
        """Mean level of the steady head."""
        return self._sum / self._alike if self._alike else self._powers[0]

    def add(self, power: float, *, quiet: bool) -> None:
        """Take the next hop; it is steady no more when two of three have left the level."""
        self._powers.append(power)
        self.quiet_hops = self.quiet_hops + 1 if quiet else 0
        if not self.steady:
            return
        level = self.level
        away = self._alike > 0 and not level / _DIP_RATIO <= power <= level * _STEADY_RATIO
        before_last, last = self._away
        self._away = (last, away)
        if away and (last or before_last):
            self.steady = False
            self.head_hops = self.hops - (2 if last else 3)
            return
        self.head_hops = self.hops
        if not away:
            self._sum += power
            self._alike += 1

    def after_head(self) -> list[float]:
        """Return the levels since it was steady."""
        return self._powers[self.head_hops :]

    def loud(self, above: float, last: int = 0) -> int:
        """Return how many of the `last` hops, or of all, are louder than `above`."""
        return sum(power > above for power in self._powers[-last:])


def _powers(samples: NDArray[np.int16], hop_samples: int) -> list[float]:
    """Return the variance of each hop, in squared sample steps."""
    body = samples.reshape(-1, hop_samples).astype(np.float32)
    # As few calls as possible: numpy's overhead per call is larger than the work on a few hops.
    sums: list[float] = np.add.reduce(body, axis=1).tolist()
    squares: list[float] = np.vecdot(body, body).tolist()
    return [
        max(0.0, (square - total * total / hop_samples) / hop_samples)
        for square, total in zip(squares, sums, strict=True)
    ]
