"""What each table of ``benchmarks.md`` shows, and what is to be reached."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure: its words, its key, what is to be reached, and how it is printed."""

    words: str
    key: str
    goal: float | None = None
    is_more_better: bool = True
    form: str = "{:.3f}"
    extra: str = ""

    def line(self, figures: dict) -> str:
        """A row of the table; a figure that is absent is a dash."""
        value = figures.get(self.key)
        if value is None:
            shown, verdict = "-", "not measured"
        else:
            shown = self.form.format(value)
            low, high = figures.get(f"{self.key}_low"), figures.get(f"{self.key}_high")
            if low is not None and high is not None:
                shown += f" ({self.form.format(low)} to {self.form.format(high)})"
            verdict = self._verdict(value)
        beside = (
            self.form.format(figures[self.extra]) if figures.get(self.extra) is not None else ""
        )
        goal = ""
        if self.goal is not None:
            goal = ("&ge; " if self.is_more_better else "&le; ") + self.form.format(self.goal)
        return f"| {self.words} | {goal} | {shown} | {beside} | {verdict} |"

    def _verdict(self, value: float) -> str:
        if self.goal is None:
            return ""
        is_reached = value >= self.goal if self.is_more_better else value <= self.goal
        return "reached" if is_reached else "**missed**"


def with_evidence(words: str, key: str, *others, form: str = "{:.3f}") -> Row:
    """A figure beside that of the evidence alone; `others` are its goal and what is better."""
    return Row(words, key, *others, form=form, extra=f"{key}_evidence")


def worst_thirds(words: str, key: str, kinds: dict[str, str]) -> tuple[Row, ...]:
    """A figure for each kind of artefact; `words` say where it is named."""
    return tuple(
        with_evidence(words.format(said), f"{key}_{kind}_worst_third")
        for kind, said in kinds.items()
    )


DB, SMALL = "{:.2f}", "{:.1e}"
"""Forms of decibels and of small shares."""

HEART = (
    Row(
        "endocardial Dice, all contoured slices", "endo_dice", 0.92, extra="endo_dice_evidence_only"
    ),
    Row(
        "worst patient's mean Dice",
        "endo_dice_worst_patient",
        extra="endo_dice_worst_patient_evidence_only",
    ),
    Row("worst slice's Dice", "endo_dice_worst_slice", extra="endo_dice_worst_slice_evidence_only"),
    Row(
        "share of slices below 0.7",
        "endo_slices_below_07",
        0.02,
        False,
        extra="endo_slices_below_07_evidence_only",
    ),
    Row(
        "Dice on each stack's first slice",
        "endo_dice_first_slice",
        extra="endo_dice_first_slice_evidence_only",
    ),
    Row(
        "Dice on each stack's last slice",
        "endo_dice_last_slice",
        extra="endo_dice_last_slice_evidence_only",
    ),
    Row(
        "Dice on frames with gross artefacts", "artefact_dice", extra="artefact_dice_evidence_only"
    ),
    Row("worst such frame", "artefact_worst_dice", extra="artefact_worst_dice_evidence_only"),
    Row("mean distance of outlines, pixels", "endo_distance_px", form="{:.2f}"),
    Row("Dice against the masks as they stand in the files", "endo_dice_masks_unmoved"),
    Row(
        "ejection fraction: mean absolute error, points",
        "ef_mae_points",
        3.0,
        False,
        "{:.2f}",
        "ef_mae_points_evidence_only",
    ),
    Row("ejection fraction: correlation", "ef_r", 0.985),
    Row(
        "ejection fraction: worst error, points",
        "ef_worst_points",
        12.0,
        False,
        "{:.1f}",
        "ef_worst_points_evidence_only",
    ),
    Row("fall of Dice on moved, scaled and spoilt images", "transformed_dice_drop", 0.02, False),
    Row("pig: endocardial Dice", "pig_endo_dice", 0.90, extra="pig_endo_dice_evidence_only"),
    Row("pig: epicardial Dice", "pig_epi_dice", 0.85, extra="pig_epi_dice_evidence_only"),
    Row("fitted surfaces: left endocardium, mm", "surface_mm", 2.5, False, "{:.2f}"),
    Row(
        "fitted surfaces: ejection fraction, points",
        "surface_ef_error_points",
        5.0,
        False,
        "{:.1f}",
    ),
    Row("fitted surfaces: right ventricle, mm", "surface_right_mm", form="{:.2f}"),
    Row("fitted surfaces: outer surface, mm", "surface_outer_mm", form="{:.2f}"),
    Row("virtual hearts: volumes, mean relative error", "virtual_volume_error", 0.04, False),
    Row(
        "virtual hearts: ejection fraction, points", "virtual_ef_error_points", 2.0, False, "{:.2f}"
    ),
    Row("virtual hearts: wall thickness, mm", "virtual_thickness_mm", 0.7, False, "{:.2f}"),
    Row("virtual hearts: right volumes", "virtual_right_volume_error", 0.06, False),
    Row(
        "virtual hearts: right ejection fraction, points",
        "virtual_right_ef_error_points",
        4.0,
        False,
        "{:.2f}",
    ),
    Row(
        "virtual hearts: truth inside the 95 % intervals",
        "virtual_interval_coverage",
        form="{:.2f}",
    ),
    Row(
        "heart failure against the rest: area under the curve",
        "heart_failure_auc",
        form="{:.2f}",
        extra="ef_only_auc",
    ),
    Row(
        "heart failure against the rest: accuracy",
        "heart_failure_accuracy",
        form="{:.2f}",
        extra="ef_only_heart_failure_accuracy",
    ),
    Row("three-way group: accuracy", "group_accuracy", form="{:.2f}", extra="ef_only_accuracy"),
    Row("withheld group called unlike any known", "unknown_recall", form="{:.2f}"),
    Row("false alarms of the same", "unknown_false_alarm", form="{:.2f}"),
    Row(
        "the same judge on permuted labels: accuracy (chance is expected)",
        "permuted_group_accuracy",
        form="{:.2f}",
    ),
    Row("one study of 10 slices x 25 frames, files to report, s", "seconds", 60, False, "{:.0f}"),
    Row("its peak memory, GB", "peak_memory_gb", 2.0, False, "{:.2f}"),
)

MRI = (
    Row("images, random points: gain on tuned total variation, dB", "image_gain_random_db"),
    Row("images, lines: gain on tuned total variation, dB", "image_gain_lines_db"),
    Row("the worst image of both, dB", "image_gain_worst_db"),
    Row("images, lines: gain on tuned BART, dB", "image_gain_lines_bart_db"),
    Row("published protocol, Brain_1 random: PSNR, dB", "liu_psnr_b1_random", 46.5, form=DB),
    Row("published protocol, Brain_2 random: PSNR, dB", "liu_psnr_b2_random", 44.5, form=DB),
    Row("published protocol, Brain_1 Cartesian: PSNR, dB", "liu_psnr_b1_cartesian", 35.0, form=DB),
    Row("published protocol, Brain_2 Cartesian: PSNR, dB", "liu_psnr_b2_cartesian", 35.7, form=DB),
    Row(
        "the same with noise: lost by our rule against our best level, worst, dB",
        "rule_lost_db",
        0.3,
        False,
        form=DB,
    ),
    Row("8 coils, Poisson disc, R = 4: error", "coil_nrmse_r4", extra="coil_nrmse_r4_bart"),
    Row("8 coils, Poisson disc, R = 6: error", "coil_nrmse_r6", extra="coil_nrmse_r6_bart"),
    Row(
        "8 coils, a third of the lines: error",
        "coil_nrmse_lines3",
        extra="coil_nrmse_lines3_bart",
    ),
    Row(
        "8 coils, 5/8 of the lines: error, without conjugate symmetry beside",
        "coil_nrmse_half",
        extra="coil_nrmse_half_no_symmetry",
    ),
    Row(
        "undersampled k-space: error of samples held back",
        "kspace_prediction_error",
        form="{:.4f}",
        extra="kspace_prediction_error_bart",
    ),
    Row(
        "the same with one set of maps",
        "kspace_prediction_error_one_map",
        form="{:.4f}",
    ),
    Row(
        "above the minimum after 50 iterations, 3e-3 / 3e-3, worst",
        "objective_above_minimum_50",
        1e-4,
        False,
        form=SMALL,
        extra="objective_above_minimum_fcsa",
    ),
    Row(
        "the same at published weights",
        "objective_above_minimum_50_published",
        3e-4,
        False,
        form=SMALL,
        extra="objective_above_minimum_fcsa_published",
    ),
    Row(
        "after 200 iterations at published weights",
        "objective_above_minimum_200_published",
        1e-4,
        False,
        form=SMALL,
    ),
    Row(
        "above the minimum after 50 iterations of composite splitting, worst",
        "objective_above_minimum_composite_50",
        form=SMALL,
    ),
    Row("certified gap after 50 iterations, worst", "certified_gap_50", 5e-3, False, form=SMALL),
    Row("certified gap after 800 iterations, worst", "certified_gap_800", 2e-4, False, form=SMALL),
    Row("contrasts: joint against separate variation, dB", "joint_gain_db", 1.2, form=DB),
    Row("contrasts: PSNR of joint variation", "joint_psnr", form=DB, extra="separate_patches_psnr"),
    Row("mismatched contrasts: largest change, dB", "mismatch_change_db", 0.3, False, form=DB),
    Row("causal series: gain on frame-wise variation, all, dB", "causal_gain_db", form=DB),
    Row("causal series, rat heart, dB", "causal_gain_db_rat", 1.5, form=DB),
    Row("causal series, perfusion, dB", "causal_gain_db_pincat", 0.5, form=DB),
    Row(
        "rat heart, R = 4, random, causal: dB; beside low rank + sparse, all frames at once",
        "causal_psnr_rat",
        extra="causal_psnr_rat_low_rank",
        form=DB,
    ),
    Row(
        "the same; beside locally low rank",
        "causal_psnr_rat",
        extra="causal_psnr_rat_local_low_rank",
        form=DB,
    ),
    Row(
        "perfusion, R = 4, random, causal: dB; beside low rank + sparse, all frames at once",
        "causal_psnr_pincat",
        extra="causal_psnr_pincat_low_rank",
        form=DB,
    ),
    Row(
        "the same; beside locally low rank",
        "causal_psnr_pincat",
        extra="causal_psnr_pincat_local_low_rank",
        form=DB,
    ),
    Row("causal series: seconds a frame", "causal_seconds_per_frame", 0.1, False),
    Row("virtual hearts, causal: gain on frame-wise variation, dB", "chain_gain_db", 3.0, form=DB),
    Row("virtual hearts while scanned: Dice of the cavity", "chain_cavity_dice", form="{:.3f}"),
    Row("virtual hearts while scanned: Dice of the muscle", "chain_muscle_dice", form="{:.3f}"),
    Row(
        "latency from the last sample to outline and motion, median, s",
        "chain_latency_s",
        form="{:.2f}",
    ),
    Row(
        "velocity at R = 4 inside the mask: error, cm/s",
        "velocity_rmse_cm_s",
        extra="velocity_rmse_cm_s_zero_fill",
    ),
    Row("velocity where there is signal: error, cm/s", "velocity_rmse_cm_s_strong"),
    Row(
        "velocity: relative error of the flow through the vessel",
        "velocity_flow_error",
        0.03,
        False,
    ),
    Row("this benchmark, s", "seconds", 3600, False, "{:.0f}"),
    Row("peak memory of a process, GB", "peak_memory_gb", form="{:.2f}"),
)

ORGANS = tuple(
    Row(
        words, f"landmark_px_{key}", bar, bar is None, form="{:.2f}", extra=f"landmark_px_{key}_pca"
    )
    for words, key, bar in (
        ("landmarks with noise of 4 px: mean error, px", "clean", 2.9),
        ("a run of 11 % moved by 100 px", "11", 3.6),
        ("a run of 23 % moved by 100 px", "23", 6.0),
        ("two runs of 5", "two_runs", 6.0),
        ("10 scattered landmarks", "scattered", 3.8),
    )
) + tuple(
    Row(words, f"landmark_px_{key}", form="{:.2f}")
    for words, key in (
        ("23 %: composition as published, tuned", "23_composition"),
        ("23 %: principal shapes with graduated non-convexity, tuned", "23_pca_gnc"),
        ("scattered: principal shapes with graduated non-convexity, tuned", "scattered_pca_gnc"),
        ("a run of 11 % moved by 40 px", "11_by_40"),
        ("a run of 23 % moved by 40 px", "23_by_40"),
        ("the same, as given", "23_by_40_input"),
        ("40 % of the landmarks missing", "missing_0.4"),
        ("the same: principal shapes", "missing_0.4_pca_map"),
    )
)

LEARNED_SHAPES = (
    Row(
        "64 atoms: error above that of all shapes; beside, 64 shapes at random",
        "dictionary_excess_error",
        0.05,
        False,
        extra="dictionary_excess_error_random",
    ),
    Row("the same by K-SVD", "dictionary_excess_error_ksvd"),
    Row("the same by selection", "dictionary_excess_error_selected"),
    Row(
        "64 atoms: times faster, by Newton steps; beside, both by FISTA",
        "dictionary_speedup",
        5.0,
        form="{:.1f}",
        extra="dictionary_speedup_fista",
    ),
    Row("all shapes: one convex problem, ms", "dictionary_ms_all", form="{:.2f}"),
    Row(
        "a quarter of the shapes, asked for: error above that of all; beside, at random",
        "online_excess_error",
        0.01,
        False,
        extra="online_excess_error_random",
    ),
    Row(
        "the same without outlines that nobody approved; beside, at random",
        "online_excess_error_alone",
        extra="online_excess_error_random_alone",
    ),
    Row(
        "twenty shapes and the unapproved outlines; beside, without these",
        "online_excess_error_founding",
        extra="online_excess_error_founding_alone",
    ),
    Row(
        "5 % of poisoned shapes offered: error above that of all; beside, all of them taken",
        "online_poison_excess_error",
        0.05,
        False,
        extra="online_poison_excess_error_unguarded",
    ),
    Row("share of the poisoned that is taken", "online_poison_accepted"),
    Row("share of the healthy that is refused", "online_healthy_refused"),
    Row(
        "a detail of one shape in 100: error over that without it; beside, principal shapes",
        "rare_detail_ratio",
        1.10,
        False,
        form="{:.2f}",
        extra="rare_detail_ratio_pca",
    ),
    Row(
        "the same on the detail alone",
        "rare_detail_ratio_there",
        form="{:.2f}",
        extra="rare_detail_ratio_there_pca",
    ),
    Row(
        "600 points, a fifth grossly wrong: error, thousandths; beside, the lasso",
        "sparse_shape_mrad",
        3.4,
        False,
        "{:.2f}",
        "sparse_shape_mrad_lasso",
    ),
    Row(
        "the same, ms",
        "sparse_shape_ms",
        25,
        False,
        "{:.1f}",
        "sparse_shape_ms_lasso",
    ),
    Row("its certified gap", "sparse_shape_gap", form="{:.1e}"),
    Row("planted codes recovered, mean of the phase diagram", "planted_area", form="{:.2f}"),
    Row(
        "planted codes lost where theory promises them",
        "planted_promises_broken",
        0,
        False,
        "{:.0f}",
    ),
)

REPAIR = (
    Row("livers: Dice", "repair_liver_dice", extra="repair_liver_dice_pca"),
    Row("the same, as given", "repair_liver_dice_input"),
    Row("the same: opened and closed, tuned", "repair_liver_dice_morphology"),
    Row(
        "livers: 95 % of border distances, mm",
        "repair_liver_p95_mm",
        form="{:.1f}",
        extra="repair_liver_p95_mm_pca",
    ),
    Row("the same, as given", "repair_liver_p95_mm_input", form="{:.1f}"),
    Row("kidneys: Dice", "repair_kidney_dice", extra="repair_kidney_dice_pca"),
    Row("the same: opened and closed, tuned", "repair_kidney_dice_morphology"),
    Row("hippocampi: Dice", "repair_hippocampus_dice", extra="repair_hippocampus_dice_pca"),
    Row("the same: opened and closed, tuned", "repair_hippocampus_dice_morphology"),
    Row("error over the best rival's, mean of organs", "repair_error_ratio", 0.5, False),
    Row(
        "share of tumour bulges kept, with an image rendered; without one beside",
        "tumour_bulge_kept",
        extra="tumour_bulge_kept_no_image",
    ),
)

RADIOGRAPHS = (
    with_evidence("lungs: Jaccard", "lung_jaccard", 0.962),
    with_evidence("the worst 5 %", "lung_jaccard_worst5", 0.90),
    with_evidence("heart: Dice", "heart_dice", 0.955),
    with_evidence("clavicles: Dice", "clavicle_dice", 0.91),
    with_evidence(
        "share of pixels with a wrong label",
        "five_structure_pixel_error",
        0.021,
        False,
        form="{:.4f}",
    ),
    Row("artefacts: least gain by the prior on the worst third", "artefact_gain", 0.02),
    *worst_thirds(
        "the worst third under {}: Jaccard",
        "artefact",
        {
            "strip": "a missing strip",
            "cut_off": "a side cut off",
            "text": "writing burnt in",
            "pacemaker": "a pacemaker",
            "noise": "noise",
            "bias": "shading",
            "inverted": "inverted grey",
        },
    ),
    Row("what the prior costs without artefacts", "artefact_clean_loss", 0.002, False, "{:.4f}"),
    Row("whether doubt predicts a low overlap: area under the curve", "uncertain_auc"),
    Row("a radiograph, without start and report, s", "radiograph_seconds", form="{:.1f}"),
)

RADIOGRAPH_NUMBERS = tuple(
    row
    for key, words, form in (
        ("ctr", "cardiothoracic ratio", "{:.3f}"),
        ("left_lung_cm2", "left lung, cm²", "{:.1f}"),
        ("right_lung_cm2", "right lung, cm²", "{:.1f}"),
        ("heart_cm2", "heart, cm²", "{:.1f}"),
    )
    for row in (
        Row(f"{words}: bias against manual outlines", f"{key}_bias", form=form),
        Row(f"{words}: lower limit of agreement", f"{key}_loa_lower", form=form),
        Row(f"{words}: upper limit of agreement", f"{key}_loa_upper", form=form),
        Row(f"{words}: share of 95 % intervals that hold", f"{key}_coverage", form="{:.2f}"),
    )
)
HIPPOCAMPUS = (
    with_evidence("both parts: Dice", "hippocampus_dice", 0.90),
    with_evidence("the worst crop", "hippocampus_dice_worst", 0.82),
    with_evidence("surface distance, mm", "hippocampus_surface_mm", 0.45, False),
    with_evidence("anterior part: Dice", "hippocampus_anterior_dice"),
    with_evidence("posterior part: Dice", "hippocampus_posterior_dice"),
    *(
        with_evidence(f"{words}{where}: Dice", f"hippocampus_{kind}_{row}")
        for kind, words in (
            ("ghost", "motion"),
            ("shading", "shading"),
            ("noise", "noise"),
            ("slab", "a missing slab"),
        )
        for row, where in (("dice", ""), ("worst_third", " on the worst third"))
    ),
    Row("artefacts: least gain by the prior on the worst third", "hippocampus_artefact_gain"),
    Row(
        "what the prior costs without artefacts",
        "hippocampus_artefact_clean_loss",
        0.002,
        False,
        "{:.4f}",
    ),
    Row("volume: bias, mm3", "hippocampus_volume_bias_mm3", form="{:.0f}"),
    Row("volume: 95 % limits of agreement, +- mm3", "hippocampus_volume_limits_mm3", form="{:.0f}"),
    Row("share of volumes within their 95 % interval", "hippocampus_volume_covered"),
    Row("doubt predicts a Dice below 0.85: area under the curve", "hippocampus_uncertain_auc"),
    Row("Dice of outlines marked uncertain", "hippocampus_uncertain_dice"),
    Row("Dice of the others", "hippocampus_certain_dice"),
    Row("a crop, without start and report, s", "hippocampus_seconds", form="{:.2f}"),
)

CT = (
    *(
        row
        for name, words in (("liver", "liver"), ("kidney", "kidneys"), ("lung", "lungs"))
        for row in (
            with_evidence(f"real scans, {words}: Dice", f"ct_{name}_dice"),
            with_evidence(
                f"real scans, {words}: surface distance, mm", f"ct_{name}_mm", form="{:.1f}"
            ),
            with_evidence(f"rendered torsos, {words}: Dice", f"ct_rendered_{name}_dice"),
        )
    ),
    *worst_thirds(
        "rendered, worst third, {}: Dice",
        "ct",
        {
            "clean": "clean",
            "metal": "metal",
            "few_photons": "few photons",
            "lost_slices": "lost slices",
            "breathing": "breathing",
        },
    ),
    Row("artefacts: least gain by the shapes on the worst third", "ct_artefact_gain"),
    Row(
        "what the shapes cost without artefacts",
        "ct_artefact_clean_loss",
        0.002,
        False,
        "{:.4f}",
    ),
    Row("all organs of a scan, without reading and report, s", "ct_seconds", form="{:.1f}"),
)

ORGAN_WAITS = (
    Row("a radiograph, s", "radiograph_wait_seconds", 2.0, False, "{:.1f}"),
    Row("a hippocampus, s", "hippocampus_wait_seconds", 1.0, False, "{:.1f}"),
    Row("all organs of an abdomen in CT, s", "ct_wait_seconds", 30.0, False, "{:.1f}"),
)

MOTION = (
    Row(
        "displacement in the wall, no noise, mm",
        "displacement_mm_clean",
        0.10,
        False,
        extra="displacement_mm_clean_harp",
    ),
    Row(
        "the same at SNR 10, mean of 5 seeds",
        "displacement_mm_snr10",
        0.25,
        False,
        extra="displacement_mm_snr10_harp",
    ),
    Row(
        "the same, worst seed",
        "displacement_mm_snr10_worst",
        extra="displacement_mm_snr10_harp_worst",
    ),
    Row("the same at SNR 5", "displacement_mm_snr5", extra="displacement_mm_snr5_harp"),
    Row(
        "the same, a region without contraction, SNR 10",
        "displacement_mm_weak",
        extra="displacement_mm_weak_harp",
    ),
    Row(
        "circumferential strain: bias at SNR 10",
        "ecc_bias",
        0.002,
        False,
        "{:.4f}",
        "ecc_bias_harp",
    ),
    Row("the same with the area held", "ecc_bias_incompressible", None, False, "{:.4f}"),
    Row("circumferential strain: deviation", "ecc_sd", 0.010, False, "{:.4f}", "ecc_sd_harp"),
    Row("radial strain: deviation", "err_sd", 0.07, False, extra="err_sd_harp"),
    Row("radial strain with the area held: deviation", "err_sd_incompressible", 0.04, False),
    Row(
        "share of the wall mistracked at steps up to 0.65 of a tag",
        "mistracked",
        0.0,
        False,
        extra="mistracked_harp",
    ),
    Row(
        "30 % of points wrong at random: error over that of none",
        "outlier_ratio_random",
        1.3,
        False,
        DB,
        "outlier_ratio_random_quadratic",
    ),
    Row(
        "30 % wrong alike",
        "outlier_ratio_coherent",
        1.3,
        False,
        DB,
        "outlier_ratio_coherent_quadratic",
    ),
    Row(
        "a sector of 10 % wrong alike",
        "outlier_ratio_sector",
        form=DB,
        extra="outlier_ratio_sector_quadratic",
    ),
    Row("strain bias with wrong points", "outlier_strain_bias", 0.01, False, "{:.4f}"),
    Row("mean of abs(det F - 1), area held", "det_f_deviation", 0.02, False, "{:.4f}"),
    Row(
        "tags of a person: apical, native pixels",
        "tagged_apical_px",
        1.0,
        False,
        DB,
        "tagged_apical_px_harp",
    ),
    Row("the same: mid", "tagged_mid_px", 1.0, False, DB, "tagged_mid_px_harp"),
    Row("the same: basal", "tagged_basal_px", form=DB, extra="tagged_basal_px_harp"),
    Row(
        "the same, all slices; beside, zero motion",
        "tagged_landmark_px",
        form=DB,
        extra="tagged_landmark_px_zero",
    ),
    Row(
        "the same: apical by tags without the cine; beside, the cine alone",
        "tagged_apical_px_tags",
        form=DB,
        extra="tagged_apical_px_cine",
    ),
    Row(
        "the same: mid by tags without the cine; beside, the cine alone",
        "tagged_mid_px_tags",
        form=DB,
        extra="tagged_mid_px_cine",
    ),
    Row("DENSE of a person: removed pixels, px", "dense_rmse_px", 0.09, False),
    Row(
        "registration of a pair of 128 x 128 x 128: error, voxel",
        "registration_error_voxel",
        0.131,
        False,
    ),
    Row("the same, s", "registration_seconds", 7.5, False, "{:.1f}"),
    Row("three slices of 20 frames, s", "film_seconds", 10.0, False, "{:.1f}"),
    Row("infarcts found: area under the curve", "infarct_auc", 0.95),
    Row("the same: 95 % intervals of strain that hold the truth", "interval_coverage", 0.90),
    Row("the same, in segments of an infarct alone", "interval_coverage_diseased"),
    Row(
        "the same hearts: weak segments found; beside, others taken for weak",
        "weak_found",
        extra="weak_wrongly",
    ),
    Row("3-D: longitudinal strain", "ell_error", 0.01, False, "{:.4f}"),
    Row("3-D: torsion, degrees a mm", "torsion_error_deg_mm", 0.02, False, "{:.4f}"),
    Row(
        "3-D with nothing given but images, planes off by 2.5 mm: their shifts, mm",
        "alone_slip_mm",
        form=DB,
    ),
    Row(
        "the same: displacement, mm; beside, wall and tags given",
        "alone_displacement_mm",
        form=DB,
        extra="fusion_displacement_mm",
    ),
    Row(
        "the same: longitudinal strain; beside, wall and tags given",
        "alone_ell_error",
        form="{:.4f}",
        extra="ell_error",
    ),
    Row(
        "the same: torsion, degrees a mm; beside, wall and tags given",
        "alone_torsion_error_deg_mm",
        form="{:.4f}",
        extra="torsion_error_deg_mm",
    ),
    Row(
        "cine of a person: surface, mm", "cine_surface_mm", 1.4, False, DB, "cine_surface_mm_scaled"
    ),
    Row("the sparse body, 2,000 vertices and 20 frames, s", "sparse_body_seconds", 2.0, False, DB),
    Row(
        "stress in an inflated thick tube: relative error of points without elements; beside, "
        "of quadratic elements",
        "stress_tube_error",
        0.02,
        False,
        "{:.4f}",
        "stress_elements_error",
    ),
    Row("Land's inflated ventricle: apex of the middle surface, mm", "inflated_apex_middle_mm"),
    Row("crossings of tags followed one by one: in the wall, mm", "crossings_wall_mm", form=DB),
    Row("the same: share that slipped to a neighbour", "crossings_slipped", form="{:.3f}"),
    Row("DENSE, SNR 10: pixels unwrapped wrongly", "dense_turns_wrong", 0.0, False, "{:.0f}"),
)
TEXTURES = (
    Row(
        "8 tissue classes by vote of 48-bit neighbours",
        "kather_accuracy",
        0.875,
        extra="kather_accuracy_ksh",
    ),
    Row("the same: support vectors on the full features", "kather_accuracy_svm"),
    Row("the same: neighbours in the full features", "kather_accuracy_features"),
    Row("48-bit mean average precision", "kather_map_ours", extra="kather_map_ksh"),
    Row(
        "the same on two withheld classes",
        "kather_map_withheld_ours",
        extra="kather_map_withheld_ksh",
    ),
)
HISTOPATHOLOGY = (
    Row(
        "benign or malignant by vote, patients left out",
        "glas_accuracy",
        0.85,
        extra="glas_accuracy_plain",
    ),
    Row("the same: the network alone, without a vote", "glas_accuracy_network_alone"),
    Row("the same: random split, patients on both sides", "glas_accuracy_leaky"),
    Row("five grades by vote, patients left out", "glas_grade_accuracy"),
    Row("glands: Dice", "glas_gland_dice", 0.85),
    Row("glands: object F1", "glas_gland_f1"),
)
WORDS = (
    Row(
        "10,000 visual words: 48-bit mean average precision, patients left out",
        "glas_words_map",
        extra="glas_words_map_ksh",
    ),
    Row(
        "the same: largest difference between 500 and 10,000 words",
        "glas_words_map_spread",
        0.02,
        is_more_better=False,
        extra="glas_words_map_spread_ksh",
    ),
)

NOVELTY = (
    Row(
        "nothing alike: tiles of a withheld class that were missed; beside, false alarms",
        "unlike_misses_tiles",
        extra="unlike_false_alarms_tiles",
    ),
    Row(
        "the same of a withheld grade",
        "unlike_misses_grades",
        extra="unlike_false_alarms_grades",
    ),
)

VISUAL_WORDS = (
    Row(
        "benign or malignant by vote of 48-bit neighbours, patients left out; beside, of size, "
        "number, colour and spectrum alone",
        "glas_words_control_all",
        0.85,
        extra="glas_words_control_no_picture",
    ),
    Row("the same with 200 descriptors of every image", "glas_words_control_equal_number"),
    Row(
        "the same with 200 in glands; beside, 200 outside",
        "glas_words_control_in_glands",
        extra="glas_words_control_outside_glands",
    ),
    Row(
        "the same, queries mirrored, blurred and compressed again",
        "glas_words_control_disturbed",
    ),
    Row(
        "the same, labels shuffled between patients; beside, between images",
        "glas_words_control_random_labels_by_patient",
        extra="glas_words_control_random_labels",
    ),
)
NUCLEI = (
    Row("MoNuSeg, patients left out: AJI", "monuseg_aji", 0.60, extra="monuseg_aji_classical"),
    Row("the same: PQ", "monuseg_pq", 0.56, extra="monuseg_pq_classical"),
    Row("the same: F1 at IoU 0.5", "monuseg_f1", 0.77, extra="monuseg_f1_classical"),
    Row("GBM40: F1", "gbm40_f1", 0.85),
    Row(
        "DSB 2018, fluorescence: F1",
        "dsb_fluorescence_f1",
        0.92,
        extra="dsb_fluorescence_f1_classical",
    ),
    Row("DSB 2018, purple: F1", "dsb_purple_f1", 0.85),
    Row(
        "types, patients left out: macro F1",
        "monusac_macro_f1",
        0.70,
        extra="monusac_macro_f1_size_only",
    ),
    Row("lymphocyte against epithelial: F1", "lymphocyte_f1", 0.90),
    Row("touching pairs told apart", "pairs_split", 0.95, extra="pairs_split_classical"),
    Row("density: error of the count", "count_error", 0.03, False),
    Row("share of radii with Ripley's K in its envelope", "k_inside", form="{:.2f}"),
    Row("positive share of a synthetic stain: error", "positive_share_error", 0.02, False),
    Row("seams: difference in count", "seams_count_difference", 0.0, False, "{:.0f}"),
    Row("seams: least overlap", "seams_least_iou", 0.99),
    Row("s a megapixel", "seconds_per_megapixel", 3.0, False, DB),
    Row("what ships: MoNuSeg F1", "monuseg_f1_shipped"),
)
