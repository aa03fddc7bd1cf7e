"""The receiving end of a simulated TCP connection: what is delivered, and what is answered when.

Linux answers most segments at once and some only with the next one or after 40 ms. For a sender
with two packets in flight that decides whether it may go on.
"""

from harness.network.tcp.scoreboard import Segment

DELAYED_ACK_MS = 40.0

_RUN = 2


class Receiver:
    """What has come of a stream of messages of equal size.

    Args:
        message_bytes: Size of a message.

    Attributes:
        received: Numbers of segments in the order they came, each once.
        next: Number of the first segment that is missing.
        delivered: When each message was there in full, in milliseconds.
    """

    def __init__(self, message_bytes: int) -> None:
        self.received: list[int] = []
        self.next = 0
        self.delivered: list[float] = []
        self._bytes = message_bytes
        self._ends: dict[int, int] = {}
        self._in_order = self._answered = 0
        self._mss = self._last_short = self._run = 0

    def take(self, number: int, segment: Segment, now_ms: float) -> bool:
        """Take a segment and return whether it is answered at once."""
        prompt = self._is_prompt(segment.end - segment.start, segment.pushed)
        fresh = number >= self.next and number not in self._ends
        if fresh:
            self._ends[number] = segment.end
            self.received.append(number)
        while self.next in self._ends:
            self._in_order = self._ends.pop(self.next)
            self.next += 1
        while (len(self.delivered) + 1) * self._bytes <= self._in_order:
            self.delivered.append(now_ms)
        more = self._in_order - self._answered > self._mss
        return prompt or more or not fresh or bool(self._ends)

    def answered(self) -> None:
        """Note that everything so far was answered."""
        self._answered = self._in_order

    def _is_prompt(self, size: int, pushed: bool) -> bool:
        """Return whether Linux answers such a segment at once when it comes in order.

        It does at what looks like the end of a write: a segment shorter than most, or one that is
        pushed. While it learns the sender's segment size (`tcp_measure_rcv_mss`), two equal short
        segments in a row count as the new size and not as an end. In a run of full segments its
        receive window grows, which makes it answer each.
        """
        before, self._last_short = self._last_short, 0
        if size >= self._mss:
            self._run = self._run + 1 if size == self._mss and not pushed else 0
            self._mss = size
            return pushed or self._run >= _RUN
        self._run, self._last_short = 0, size
        if size == before:
            self._mss = size
        return size != before
