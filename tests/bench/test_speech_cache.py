from pathlib import Path

from harness.bench.speech_cache import annotate, generate, make_ready


def test_every_step_is_measured_and_the_second_time_reads_what_the_first_wrote(
    tmp_path: Path,
) -> None:
    folder, manifest, cache = tmp_path / "clips", tmp_path / "m.jsonl", tmp_path / "cache"
    speech_s = generate(folder, 3)
    assert 6.0 < speech_s < 8.0
    assert len({file.read_bytes() for file in folder.iterdir()}) == 3
    assert annotate(folder, manifest, processes=1)["clips"] == 3
    cold = make_ready(manifest, cache)
    written = {file.name: file.stat().st_ino for file in (cache / "encoded").iterdir()}
    warm = make_ready(manifest, cache)
    assert {file.name: file.stat().st_ino for file in (cache / "encoded").iterdir()} == written
    assert len(written) == 3
    assert cold["disk_mb"] == warm["disk_mb"] == round(speech_s * 48_000 / 1e6, 1)
    assert cold["ready_mb"] == warm["ready_mb"] > cold["disk_mb"]
