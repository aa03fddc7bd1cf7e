"""A dated list of prices, model by model: of a million tokens or characters, or of a minute.

Money is `Decimal` from the file to the sum, so that parts add up to their total. What a list does
not say is not known: no price is ever taken to be 0.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Self, TypeVar

from harness.errors import BadInput

# Dated snapshots, such as gpt-realtime-2025-08-28, cost what their model costs.
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
# Deepgram's voices, such as aura-2-thalia-en, cost what their model costs.
_VOICE = re.compile(r"^(aura-\d+)-[a-z]+-[a-z]{2}$")
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_HINT = (
    "Give date, currency, source and, for each model, audio and text prices per million tokens,"
    " or per_minute; for the parts of a cascade [transcription], [llm] and [speech]"
)
_TABLES = ("models", "transcription", "llm", "speech")
_TOKENS = ("audio", "text")
_TEXT = ("input", "cached", "output")
_TIME = ("per_minute", "step_s", "least_s")
_ABOUT = ("date", "source", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Prices per million tokens.

    Attributes:
        input: What the model reads for the first time.
        output: What it says or writes.
        cached: What it reads again from the provider's cache; `None` where the list names no such
            price, and then it costs what the first time does.
    """

    input: Decimal
    output: Decimal
    cached: Decimal | None = None

    @property
    def reread(self) -> Decimal:
        """What a cached token costs, per million."""
        return self.input if self.cached is None else self.cached


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTariff:
    """A model that is billed by tokens.

    Attributes:
        audio: Of audio tokens.
        text: Of text tokens; `None` where the list names no such price.
        date: ISO date, or month or year, from which the prices are; empty for that of the list.
        source: Where they were read; empty for that of the list.
        note: What else there is to pay or to know.
    """

    audio: Price
    text: Price | None = None
    date: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTariff:
    """A model or platform that is billed by the time that a session is open.

    Attributes:
        per_minute: Of one minute.
        step_s: Sessions are billed in steps of this length, rounded up.
        least_s: And at least for this long.
        date: As for tokens.
        source: As for tokens.
        note: As for tokens.
    """

    per_minute: Decimal
    step_s: Decimal = Decimal(1)
    least_s: Decimal = Decimal(0)
    date: str = ""
    source: str = ""
    note: str = ""

    def of_seconds(self, seconds: Decimal) -> Decimal:
        """Return the price of a session of this length."""
        steps = max(seconds, self.least_s) / self.step_s
        return steps.to_integral_value("ROUND_CEILING") * self.step_s * self.per_minute / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTariff:
    """A language model of a cascade, which is billed by tokens of text.

    Attributes:
        text: Of these.
        date: As for tokens.
        source: As for tokens.
        note: As for tokens.
    """

    text: Price
    date: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechTariff:
    """A TTS model of a cascade, which is billed by the characters that it speaks.

    Attributes:
        per_million_characters: Of a million of them.
        date: As for tokens.
        source: As for tokens.
        note: As for tokens.
    """

    per_million_characters: Decimal
    date: str = ""
    source: str = ""
    note: str = ""


Tariff = TokenTariff | TimeTariff
StageTariff = TimeTariff | TextTariff | SpeechTariff


Row = TypeVar("Row", TokenTariff | TimeTariff, TimeTariff, TextTariff, SpeechTariff)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices on one day.

    Attributes:
        date: ISO date, or month or year, from which the list is, where a model has none of its own.
        currency: Three letters.
        source: Where it was read, where a model has none of its own.
        models: What each model costs, by name.
        transcription: What transcribing the caller costs, by model.
        llm: What a language model of a cascade costs, by model.
        speech: What its TTS costs, by model.
    """

    date: str
    currency: str
    source: str
    models: Mapping[str, Tariff]
    transcription: Mapping[str, TimeTariff] = field(default_factory=dict)
    llm: Mapping[str, TextTariff] = field(default_factory=dict)
    speech: Mapping[str, SpeechTariff] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str) -> Self:
        """Build a list from its parsed file.

        Args:
            data: `currency`, tables of prices (`models`, `transcription`, `llm`, `speech`) and,
                for all of them or in each, `date` and `source`.
            where: What an error calls the file.

        Raises:
            BadInput: Something is missing, unknown, negative or not a number.
        """
        reader = _Reader(where)
        reader.known(data, ("date", "currency", "source", *_TABLES), "")
        currency = data.get("currency")
        if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
            raise reader.refuse(f"currency is {currency!r}, not three letters such as USD")
        about = reader.about(data, "")
        models = reader.rows(data.get("models", {}), "models", reader.tariff, about)
        transcription = reader.rows(
            data.get("transcription", {}), "transcription", reader.time_tariff, about
        )
        llm = reader.rows(data.get("llm", {}), "llm", reader.text_tariff, about)
        speech = reader.rows(data.get("speech", {}), "speech", reader.speech_tariff, about)
        if not (models or transcription or llm or speech):
            raise reader.refuse("it has no model")
        return cls(
            date=about["date"],
            currency=currency,
            source=about["source"],
            models=models,
            transcription=transcription,
            llm=llm,
            speech=speech,
        )

    def of_model(self, model: str) -> Tariff | None:
        """Return what a model or its dated snapshot costs."""
        return self.models.get(model) or self.models.get(family(model))

    def of_stage(self, stage: str, provider: str) -> StageTariff | None:
        """Return what a part of a cascade costs.

        Args:
            stage: `stt`, `llm` or `tts`.
            provider: As the stage log names it (`StageRecord.providers`). An address of one's own
                is in the name, and so no price of the model alone holds there.
        """
        parts: Mapping[str, Mapping[str, StageTariff]] = {
            "stt": self.transcription,
            "llm": self.llm,
            "tts": self.speech,
        }
        listed, model = parts.get(stage, {}), provider.partition(" ")[2]
        names = (provider, model, _VOICE.sub(r"\1", family(model)))
        found = next((listed[name] for name in names if name in listed), None)
        general = self.of_model(model) if stage == "llm" and found is None else None
        if not isinstance(general, TokenTariff) or general.text is None:
            return found
        return TextTariff(
            text=general.text, date=general.date, source=general.source, note=general.note
        )

    def extended_by(self, other: "PriceList") -> "PriceList":
        """Return a list in which another one's prices come first.

        Where the other is in another currency nothing is mixed: then it stands alone.
        """
        if other.currency != self.currency:
            return other
        return PriceList(
            date=other.date or self.date,
            currency=self.currency,
            source=other.source or self.source,
            models={**self._dated(self.models), **other.models},
            transcription={**self._dated(self.transcription), **other.transcription},
            llm={**self._dated(self.llm), **other.llm},
            speech={**self._dated(self.speech), **other.speech},
        )

    def _dated(self, listed: Mapping[str, Row]) -> dict[str, Row]:
        """Return prices each with its own date and source."""
        return {
            name: replace(found, date=found.date or self.date, source=found.source or self.source)
            for name, found in listed.items()
        }


def family(model: str) -> str:
    """Return the model that a name stands for, without the date of a snapshot."""
    return _SNAPSHOT.sub("", model)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the tables of a price list; `where` is what an error calls the file."""

    where: str

    def tariff(self, data: object, at: str, of_list: Mapping[str, str]) -> Tariff:
        table = self.table(data, at)
        if "per_minute" in table:
            return self.time_tariff(table, at, of_list)
        self.known(table, (*_TOKENS, *_ABOUT), at)
        if "audio" not in table:
            raise self.refuse(f"{at} has neither `audio` nor `per_minute`")
        text = self.price(table["text"], f"{at}.text") if "text" in table else None
        audio = self.price(table["audio"], f"{at}.audio")
        return TokenTariff(audio=audio, text=text, **self.dated(table, at, of_list))

    def rows(
        self,
        data: object,
        at: str,
        read: Callable[[object, str, Mapping[str, str]], Row],
        of_list: Mapping[str, str],
    ) -> dict[str, Row]:
        """Return a table of prices by what they are of."""
        return {
            name: read(table, f"{at}.{name}", of_list)
            for name, table in self.table(data, at).items()
        }

    def text_tariff(self, data: object, at: str, of_list: Mapping[str, str]) -> TextTariff:
        table = self.table(data, at)
        self.known(table, (*_TEXT, *_ABOUT), at)
        told = {key: value for key, value in table.items() if key in _TEXT}
        return TextTariff(text=self.price(told, at), **self.dated(table, at, of_list))

    def speech_tariff(self, data: object, at: str, of_list: Mapping[str, str]) -> SpeechTariff:
        table, key = self.table(data, at), "per_million_characters"
        self.known(table, (key, *_ABOUT), at)
        if key not in table:
            raise self.refuse(f"{at} has no `{key}`")
        price = self.number(table[key], f"{at}.{key}")
        return SpeechTariff(per_million_characters=price, **self.dated(table, at, of_list))

    def time_tariff(self, data: object, at: str, of_list: Mapping[str, str]) -> TimeTariff:
        table = self.table(data, at)
        self.known(table, (*_TIME, *_ABOUT), at)
        numbers = {key: self.number(table[key], f"{at}.{key}") for key in _TIME if key in table}
        if "per_minute" not in numbers:
            raise self.refuse(f"{at} has no `per_minute`")
        if numbers.get("step_s") == 0:
            raise self.refuse(f"{at}.step_s is 0")
        about = self.dated(table, at, of_list)
        return TimeTariff(
            per_minute=numbers["per_minute"],
            step_s=numbers.get("step_s", Decimal(1)),
            least_s=numbers.get("least_s", Decimal(0)),
            date=about["date"],
            source=about["source"],
            note=about["note"],
        )

    def price(self, data: object, at: str) -> Price:
        table = self.table(data, at)
        self.known(table, _TEXT, at)
        numbers = {key: self.number(value, f"{at}.{key}") for key, value in table.items()}
        for key in ("input", "output"):
            if key not in numbers:
                raise self.refuse(f"{at} has no `{key}`")
        return Price(**numbers)

    def dated(
        self, table: Mapping[str, Any], at: str, of_list: Mapping[str, str]
    ) -> dict[str, str]:
        """Return what is said about a tariff's prices; without a date they are refused."""
        found = self.about(table, at)
        for key in ("date", "source"):
            if not found[key] and not of_list[key]:
                raise self.refuse(f"{at} has no {key}, and the list has none either")
        note = table.get("note", "")
        if not isinstance(note, str):
            raise self.refuse(f"{at}.note is {note!r}, not words")
        return {**found, "note": note}

    def about(self, table: Mapping[str, Any], at: str) -> dict[str, str]:
        dot = f"{at}." if at else ""
        date, source = table.get("date", ""), table.get("source", "")
        date = date if isinstance(date, str) else str(date)
        if date and not _DATE.fullmatch(date):
            raise self.refuse(f"{dot}date is {date!r}, not one such as 2026, 2026-08 or 2026-08-31")
        if not isinstance(source, str):
            raise self.refuse(f"{dot}source is {source!r}, not words")
        return {"date": date, "source": source}

    def number(self, value: object, at: str) -> Decimal:
        good = isinstance(value, int | Decimal) and not isinstance(value, bool)
        found = Decimal(value) if good else Decimal("NaN")  # type: ignore[arg-type]
        if not found.is_finite() or found < 0:
            raise self.refuse(f"{at} is {value!r}, not a number that is not negative")
        return found

    def table(self, data: object, at: str) -> Mapping[str, Any]:
        if not isinstance(data, Mapping):
            raise self.refuse(f"it has no table `{at}`")
        return data

    def known(self, table: Mapping[str, Any], keys: tuple[str, ...], at: str) -> None:
        for key in table:
            if key not in keys:
                raise self.refuse(f"{at or 'it'} has an unknown key `{key}`")

    def refuse(self, what: str) -> BadInput:
        return BadInput(f"is not a price list: {what}", where=self.where, hint=_HINT)
