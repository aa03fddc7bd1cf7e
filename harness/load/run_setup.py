"""What a run is made of: from options to dialect, route, profiles, corpus and schedule."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.corpus import KNOWN_CORPORA, Corpus, obtain_corpus, pool
from harness.dialects import Dialect, SessionSettings, find_dialect
from harness.engine.engine import AudioEngine
from harness.engine.prompts import require_words
from harness.engine.route import Route, resolve_route
from harness.environment import api_key, cache_dir, shipped, shipped_files
from harness.errors import BadInput
from harness.load.options import Options
from harness.model import (
    DIRECT,
    CallPlan,
    Clip,
    CorpusFacts,
    NetworkProfile,
    Progress,
    digits_of,
    ns_from_samples,
)
from harness.network import choose_profile, load_profiles
from harness.plan import Dialogue, Seeds, choose_network, draw_call
from harness.plan.dialogue import draw_dialogue
from harness.plan.pairing import Pairing, pair, with_conditions
from harness.plan.schedule import without_words
from harness.plan.script import Script, parse_script
from harness.plan.tools import MockedTools, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The calls of a run, drawn on demand.

    Attributes:
        options: What was asked for.
        dialogue: What a caller does, unless there is a script.
        clips: What can be said, in a fixed order.
        frame_ns: Length of a frame.
        script: A dialogue script, `None` for none.
        pairing: How the same words are said under every condition; `None` where they are not.
        user_class: The user class that holds them.
        reacts: What is said is decided by the class's own tasks, while a call goes on.
        class_tools: Tools that the class's application offers, besides those of the script.
        answers_tools: The session defines tools, which the application answers, too.
        hangs_up: Callers hang up after a turn without an answer.
        own_corpus: The class's own corpus, where the run's speech is pooled from several; its
            plans then have the ids of the pool.
    """

    options: Options
    dialogue: Dialogue
    clips: tuple[Clip, ...]
    frame_ns: int
    script: Script | None = None
    pairing: Pairing | None = None
    user_class: str = ""
    reacts: bool = False
    class_tools: tuple[Tool, ...] = ()
    answers_tools: bool = False
    hangs_up: bool = False
    own_corpus: CorpusFacts | None = None

    @property
    def parts(self) -> dict[str, "Schedule"]:
        """The schedules of the run's user classes by their names: this one alone."""
        return {self.user_class: self}

    def class_of(self, number: int) -> str:
        """Return the name of the user class that holds call `number`."""
        return self.user_class

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that callers' applications offer."""
        scripted = () if self._scripted is None else self._scripted.tools
        return tuple(dict.fromkeys((*(tool.name for tool in self.class_tools), *scripted)))

    def mocks(self, number: int) -> MockedTools:
        """Return how the tools of call `number` answer."""
        return MockedTools(self._mocked, Seeds.from_one(self.options.seed), number)

    @property
    def _mocked(self) -> tuple[Tool, ...]:
        """The tools that say how they answer; of two with one name the last counts."""
        scripted = () if self._scripted is None else self._scripted.mocks
        return (*scripted, *self.class_tools)

    @property
    def _scripted(self) -> Script | None:
        """The script that says what is said; `None` where the class's own tasks do."""
        return None if self.reacts else self.script

    def call(self, number: int) -> CallPlan:
        """Return call `number`.

        Raises:
            BadInput: The corpus has no clip that fits a turn of the script.
        """
        if self.reacts:
            group = number if self.pairing is None else self.pairing.group(number)
            drawn = without_words(self._drawn(group, self.clips))
            if self.pairing is not None:
                drawn = self.pairing.untold(drawn, number, self.frame_ns)
            return self._of_class(drawn)
        if self.pairing is None:
            plan = self._drawn(number, self.clips)
        else:
            drawn = self._drawn(self.pairing.group(number), self.pairing.utterances)
            plan = self.pairing.under(drawn, number, self.frame_ns)
        return self._of_class(with_conditions(plan, self.clips))

    def pooled_id(self, clip_id: str) -> str:
        """Return the id that one of `clips` has in the speech of the whole run."""
        if self.own_corpus is None or not clip_id or digits_of(clip_id):
            return clip_id
        return self.own_corpus.prefix + clip_id

    def _of_class(self, plan: CallPlan) -> CallPlan:
        return replace(
            plan,
            user_class=self.user_class,
            answers_tools=self.answers_tools or bool(self._mocked),
            hangs_up=self.hangs_up,
            utterance_ids=tuple(map(self.pooled_id, plan.utterance_ids)),
            original_ids=tuple(map(self.pooled_id, plan.original_ids)),
            backchannel_id=self.pooled_id(plan.backchannel_id),
        )

    def _drawn(self, number: int, clips: Sequence[Clip]) -> CallPlan:
        network = choose_network(self.options.mix, number, self.options.seed)
        if self.script is not None:
            return draw_dialogue(
                number,
                seeds=Seeds.from_one(self.options.seed),
                script=self.script,
                clips=clips,
                network=network,
                frame_ns=self.frame_ns,
                agent_speaks_first=self.dialogue.agent_speaks_first,
            )
        return draw_call(
            number,
            seeds=Seeds.from_one(self.options.seed),
            dialogue=self.dialogue,
            utterance_ids=[clip.id for clip in clips],
            network=network,
            frame_ns=self.frame_ns,
        )


def resolve_dialect(options: Options) -> Dialect:
    """Return the dialect that was asked for."""
    return find_dialect(options.dialect)


def audio_engine(asked: Sequence[Options]) -> AudioEngine:
    """Return the engine of a process, not started; with what applications end calls by.

    Args:
        asked: What was asked for of every user class.

    Raises:
        BadInput: The token that they have to show cannot be one, or there are several.
    """
    if asked[0].carrier_api is None:
        return AudioEngine()
    tokens = {
        api_key(one.key_variable, facts.key_variables)
        for one in asked
        if (facts := resolve_dialect(one).facts).ends_over_rest
    }
    if len(tokens) > 1:
        raise BadInput(
            "applications show one token, and user classes have several",
            where="--carrier-api",
            hint="Give their classes the same key_variable",
        )
    return AudioEngine(asked[0].carrier_api, next(iter(tokens), None))


def route_to_target(options: Options, dialect: Dialect, tools: tuple[str, ...] = ()) -> Route:
    """Return the direct route to the target, credentials included.

    The key goes out over TLS or to this machine only.

    Args:
        options: What was asked for.
        dialect: The API's words.
        tools: Names of the tools that callers' applications offer.

    Raises:
        BadInput: The address is none, or the frame length does not fit the dialect's audio.
    """
    settings = SessionSettings(
        model=options.model,
        silence_ms=options.silence_ms,
        silence_given=options.silence_given,
        tools=tools,
        wishes=options.session.over(options.target_session),
    )
    return resolve_route(
        options.host,
        dialect,
        settings,
        frame_ms=options.frame_ms,
        authority=options.authority,
        key_header=options.key_header,
        key_variable=options.key_variable,
        setup_limit_s=options.setup_limit_s,
        refusal_retries=options.refusal_retries,
        ephemeral_keys=options.ephemeral_keys,
    )


def resolve_profiles(options: Options) -> dict[str, NetworkProfile]:
    """Return the profiles that were asked for, by name; direct calls need none.

    Raises:
        BadInput: A profile is unknown or impossible, or does not fit what the dialect sends.
    """
    known = load_profiles(options.profiles_file)
    wanted = dict.fromkeys(name for name in options.networks if name != DIRECT)
    found = {name: choose_profile(known, name) for name in wanted}
    dialect = resolve_dialect(options)
    for name, profile in found.items() if dialect.facts.in_text else ():
        if profile.stalls:
            # Which messages a loss holds up is modelled for a stream of frames.
            raise BadInput(
                f"stalls as a stream of audio does, and {dialect.name} sends none",
                where=f"--network {name}",
                hint="Choose a network with delay and bandwidth only, such as ideal or geo_sat",
            )
    return found


def resolve_corpus(options: Options, asked: Mapping[str, str], progress: Progress) -> Corpus:
    """Return the speech that was asked for, obtaining it if need be.

    Args:
        options: What was asked for; its corpus takes precedence over those of classes.
        asked: Corpora of user classes, each with the name of a class that asks for it.
        progress: Receives the progress of obtaining them.

    Raises:
        BadInput: A corpus is unknown or cannot be used.
    """
    cache, channel = cache_dir(), options.channel
    if options.corpus is not None or not any(asked):
        return obtain_corpus(options.corpus, cache, progress, channel=channel)
    found = {}
    for name, user_class in asked.items():
        try:
            found[name] = obtain_corpus(name or None, cache, progress, channel=channel)
        except BadInput as error:
            where = f"{user_class}.corpus, {error.where}"
            hint = _fetching(name, asked) or error.hint
            raise BadInput(error.what, where=where, hint=hint) from error
    return pool(found)


def _fetching(failed: str, asked: Collection[str]) -> str:
    """Return how to fetch the corpora that are not there, empty where one that failed is."""
    missing = [known.name for known in KNOWN_CORPORA if not known.cached(cache_dir())]
    if failed not in missing:
        return ""
    commands = " && ".join(f"harness corpus fetch {name}" for name in missing if name in asked)
    return f"Fetch what its callers say first, or give all --corpus NAME: {commands}"


def make_schedule(options: Options, dialogue: Dialogue, corpus: Corpus) -> Schedule:
    """Return the schedule of a run."""
    if options.agent_first:
        dialogue = replace(dialogue, agent_speaks_first=True)
    dialect = resolve_dialect(options)
    script = None if options.dialogue is None else _script(options.dialogue)
    if script is not None and script.presses_keys and not dialect.facts.presses_keys:
        raise no_keys(dialect.name, f"dialogue {script.name}")
    if dialect.facts.in_text:
        require_words(corpus.clips, f"--dialect {dialect.name}")
    frame_samples = dialect.audio.frame_samples(options.frame_ms)
    return Schedule(
        options=options,
        dialogue=dialogue,
        clips=corpus.clips,
        frame_ns=ns_from_samples(frame_samples, dialect.audio.rate_hz),
        script=script,
        pairing=pair(corpus.clips),
    )


def no_keys(dialect: str, where: str) -> BadInput:
    """Return the complaint about keys of a telephone where an API has none."""
    return BadInput(
        f"keys of a telephone cannot be pressed in the dialect {dialect}",
        where=where,
        hint="Carriers' dialects have them: harness dialects",
    )


def _script(path: Path) -> Script:
    """Read a script: a file, or one of the shipped ones by name or by its path in a checkout."""
    found = path
    if not path.exists() and str(path.parent) in (".", "corpora/dialogues"):
        found = shipped("dialogues", f"{path.stem}.toml") or path
    try:
        text = found.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(shipped_path.stem for shipped_path in shipped_files("dialogues"))
        raise BadInput(
            f"no dialogue script can be read from it ({type(error).__name__})",
            where=f"--dialogue {path}",
            hint=f"Give a TOML file, or one of: {known}",
        ) from error
    return parse_script(text, str(found))
