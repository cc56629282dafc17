"""Every public class obeys the laws of its noun, and none can stay away."""

import inspect

import pytest

from laws.enrolment import ROOMS, exemptions, instances, public_names

ENROLLED = [
    pytest.param(room, name, make, id=f"{room}.{name}-{number}")
    for room in ROOMS
    for name, makers in instances(room).items()
    for number, make in enumerate(makers)
]


@pytest.mark.parametrize("room", ROOMS)
def test_everything_public_is_enrolled_or_exempt(room):
    public, enrolled, exempt = public_names(room), instances(room), exemptions(room)
    missing = sorted(set(public) - set(enrolled) - set(exempt))
    assert not missing, f"add them to tests/laws/instances_{room}.py: {missing}"
    assert all(enrolled.values()), "an empty list of instances is no enrolment"
    assert not set(enrolled) & set(exempt)


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_unknown_is_listed(room):
    unknown = (set(instances(room)) | set(exemptions(room))) - set(public_names(room))
    assert not unknown, f"not in corporis.{room}.__all__: {sorted(unknown)}"


@pytest.mark.parametrize("room", ROOMS)
def test_exemptions_have_reasons(room):
    for name, reason in exemptions(room).items():
        assert len(reason.split()) >= 3, f"{name}: say why no law applies"


@pytest.mark.parametrize("room, name, make", ENROLLED)
def test_law(room, name, make):
    enrolled = make()
    target = public_names(room)[name]
    if inspect.isclass(target):
        assert type(enrolled.instance) is target
    else:
        assert enrolled.instance is target
    assert enrolled.laws
    for law in enrolled.laws:
        law()
