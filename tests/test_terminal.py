"""What a log hears of long work: each step, and now and then how far it is."""

from corporis import terminal


def test_a_log_gets_lines_now_and_then(capsys, monkeypatch):
    clock = iter((0.0, 10.0, 31.0, 40.0, 41.0))
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(clock))
    with terminal.progress(every_s=30.0) as tell:
        for fraction in (0.0, 0.2, 0.5, 0.6):
            tell("outlining", fraction)
        tell("writing", 1.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["  0% outlining", " 50% outlining", "100% writing"]
