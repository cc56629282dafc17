"""What all benchmarks of accuracy print alike."""


def rounded(value):
    """Numbers to five digits, what is not finite as null, inside whatever holds them."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, float):
        is_known = value == value and abs(value) != float("inf")
        return float(f"{value:.5g}") if is_known else None
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return value
