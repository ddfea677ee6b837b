"""Masks as outlines, in the form in which ultralytics reads labels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def outline(mask: NDArray[np.bool_]) -> str:
    """The outline of a mask's largest part, u and v in shares of the picture's size; "" if it has no area."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)
    if not contours:
        return ""
    places = max(contours, key=cv2.contourArea)[:, 0, :] + 0.5
    shares = (places / [mask.shape[1], mask.shape[0]]).ravel()
    return " ".join(f"{share:.5f}" for share in shares) if len(places) >= 3 else ""
