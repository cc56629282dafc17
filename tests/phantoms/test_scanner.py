"""The scanner: where its planes lie, and the noise and shading it adds."""

import numpy as np
import pytest
from scipy import stats

from corporis.phantoms import HEART_TO_RAS, Scanner, VirtualHeart, random_heart
from corporis.phantoms.rendering import slice_affines

TURNED = Scanner(
    in_plane_rad=0.7, tilt_rad=(0.1, -0.05), offset_mm=(12.0, -7.0), first_mm=8.0, gap_mm=9.0
)


@pytest.mark.parametrize("scanner", [Scanner(), TURNED], ids=["plain", "turned"])
def test_planes_lie_where_they_should(scanner):
    columns, rows, along = axes = scanner.axes()
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    # Seen from the apex, rows run down and columns to the right.
    np.testing.assert_allclose(np.cross(columns, -rows), along, atol=1e-12)
    affine = scanner.stack_affine()
    middle = (scanner.side - 1) / 2
    for s in (0, 4):
        centre = affine @ [s, middle, middle, 1]
        expected = (
            scanner.offset_mm[0] * columns
            + scanner.offset_mm[1] * rows
            + (s * scanner.gap_mm - scanner.first_mm) * along
        )
        np.testing.assert_allclose(centre[:3], expected, atol=1e-9)
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    np.testing.assert_allclose(steps, [scanner.gap_mm, scanner.pixel_mm, scanner.pixel_mm])
    np.testing.assert_allclose(affine[:3, 2] / steps[2], columns, atol=1e-12)


def test_the_septum_is_on_the_left_of_a_plain_image():
    septum = np.array([np.cos(np.pi / 3), np.sin(np.pi / 3), 0])
    assert Scanner().axes()[0] @ septum == pytest.approx(-1)
    assert Scanner().axes()[2] @ [0, 0, 1] == 1


def test_tilt_is_the_angle_between_stack_and_heart():
    along = Scanner(tilt_rad=(0.2, 0.0)).axes()[2]
    assert np.arccos(along @ [0, 0, 1]) == pytest.approx(0.2)


def test_long_axis_view_holds_the_axis_base_on_top():
    scanner, angle = Scanner(side=100, pixel_mm=2.0), 0.9
    affine = scanner.long_axis_affine(angle)
    across = np.array([np.cos(angle), np.sin(angle), 0])
    inverse = np.linalg.inv(affine)
    base = inverse @ [0, 0, 0, 1]
    assert base[0] == pytest.approx(0)  # the axis lies in the plane
    assert base[2] == pytest.approx(49.5)  # in the middle column
    below = inverse @ [*(20 * across[:2]), 30, 1]
    np.testing.assert_allclose((below - base)[:3], [0, 15, 10], atol=1e-9)
    assert np.linalg.norm(affine[:3, 0]) == pytest.approx(scanner.thickness_mm)


def test_phases_are_even():
    np.testing.assert_allclose(Scanner(n_frames=4).phases, [0, 0.25, 0.5, 0.75])


@pytest.mark.parametrize(("signal", "snr"), [(0.0, 20.0), (0.1, 10.0), (1.0, 25.0)])
def test_noise_is_rician_with_the_stated_snr(signal, snr, rng):
    scanner = Scanner(snr=snr, side=128, bias=0.0)
    clean = np.full((2, 128, 128), signal, np.float32)
    seen = scanner.spoil(clean, rng, scanner.field(rng))
    sigma = 1 / snr
    assert seen.shape == clean.shape and seen.dtype == np.float32 and seen.min() >= 0
    rice = stats.rice(signal / sigma, scale=sigma)
    assert stats.kstest(seen.ravel(), rice.cdf).pvalue > 0.01
    assert seen.mean() == pytest.approx(rice.mean(), rel=0.02)
    assert seen.std() == pytest.approx(rice.std(), rel=0.02)
    # Not Gaussian, nor of another strength.
    assert (
        stats.kstest(seen.ravel(), stats.rice(signal * snr * 0.95, scale=1.05 / snr).cdf).pvalue
        < 1e-6
    )


def test_noise_is_fresh_in_every_frame(rng):
    scanner = Scanner(snr=10.0, side=64, bias=0.0)
    clean = np.ones((2, 64, 64), np.float32)
    first, second = scanner.spoil(clean, rng, np.ones((64, 64)))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.06


def test_without_noise_only_the_field_remains(rng):
    scanner = Scanner(snr=np.inf, side=32, bias=0.4)
    field = scanner.field(rng)
    clean = rng.uniform(0, 1, (3, 32, 32)).astype(np.float32)
    np.testing.assert_allclose(scanner.spoil(clean, rng, field), clean * field, rtol=1e-6)


def test_field_is_smooth_positive_and_as_strong_as_told(rng):
    field = Scanner(bias=0.3, side=64).field(rng)
    assert field.shape == (64, 64) and field.min() > 0
    assert np.abs(np.diff(np.log(field), n=3, axis=0)).max() < 1e-9  # a parabola, in logarithm
    assert np.all(Scanner(bias=0.0, side=64).field(rng) == 1)

    def strength(bias):
        draws = np.random.default_rng(1)
        return np.std([np.log(Scanner(bias=bias, side=16).field(draws)) for _ in range(50)])

    assert strength(0.4) == pytest.approx(2 * strength(0.2))


def test_slips_are_in_plane_and_of_the_stated_size():
    scanner = Scanner(n_slices=4000, slip_mm=2.5, in_plane_rad=0.4, tilt_rad=(0.1, 0.0))
    affines = slice_affines(scanner, np.random.default_rng(0))
    told = scanner.stack_affine()
    straight = told[:3, 3] + np.arange(4000)[:, None] * told[:3, 0]
    slip = (affines[:, :3, 3] - straight) @ scanner.axes().T
    np.testing.assert_allclose(slip[:, 2], 0, atol=1e-9)
    np.testing.assert_allclose(slip[:, :2].std(axis=0), 2.5, rtol=0.05)
    np.testing.assert_allclose(affines[:, :3, :3] - told[:3, :3], 0, atol=1e-12)
    still = slice_affines(Scanner(n_slices=3), np.random.default_rng(0))
    np.testing.assert_allclose(still[:, 2, 3], [-5, 5, 15])


def test_random_scanners_see_most_of_the_heart(rng):
    for _ in range(50):
        heart = random_heart(rng)
        scanner = Scanner.random(rng, heart, side=64)
        assert scanner.side == 64 and scanner.first_mm > 0
        reach = (scanner.n_slices - 1) * scanner.gap_mm - scanner.first_mm
        assert reach > heart.length_mm - 8
        assert 8 <= scanner.snr <= 50 and scanner.thickness_mm <= scanner.gap_mm
    same = [Scanner.random(np.random.default_rng(4), VirtualHeart()) for _ in range(2)]
    assert same[0] == same[1]


def test_heart_to_ras_is_a_rotation_to_a_usual_heart():
    np.testing.assert_allclose(HEART_TO_RAS.T @ HEART_TO_RAS, np.eye(3), atol=1e-12)
    assert np.linalg.det(HEART_TO_RAS) == pytest.approx(1)
    apex = HEART_TO_RAS @ [0, 0, 1]
    assert apex[0] < -0.3 and apex[1] > 0.3 and apex[2] < -0.3  # left, in front, below
    septum = HEART_TO_RAS @ [np.cos(np.pi / 3), np.sin(np.pi / 3), 0]
    assert septum[0] > 0.5  # the right ventricle lies to the right
    inferior = HEART_TO_RAS @ [np.cos(np.deg2rad(150)), np.sin(np.deg2rad(150)), 0]
    assert inferior[2] < -0.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_slices": 0},
        {"n_frames": 0},
        {"side": 8},
        {"pixel_mm": 0.0},
        {"gap_mm": -1.0},
        {"snr": 0},
        {"gap_mm": np.nan},
        {"snr": np.nan},
    ],
)
def test_impossible_scanners_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        Scanner(**wrong)
