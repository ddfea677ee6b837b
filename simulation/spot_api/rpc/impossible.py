"""Finds impossible values in requests, in one walk over a message along its descriptors.

Every request is checked here before its service sees it. Checks that depend on the robot's state are made where the
command is parsed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from google.protobuf import symbol_database
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

BOUND = 1e5
"""Largest magnitude of a number. All lengths, angles, pixels, forces and rates are far below it."""
MAX_ITEMS = 1000
"""Most entries of one list."""
MAX_VALUES = 50_000
"""Most fields of one request, so that the check is quick."""
LAST_TIMESTAMP_S = 253_402_300_799
LONGEST_S = 10_000_000_000
"""Longest Duration: 300 years, so that the skew of any two clocks fits."""
QUATERNION_LENGTHS = (0.5, 2.0)
NEVER_NEGATIVE = frozenset(
    {
        "after",
        "cut_power_timeout",
        "focal_length",
        "liveness_timeout_secs",
        "max_angular_velocity",
        "max_linear_velocity",
        "max_pos_tracking_error",
        "max_rot_tracking_error",
        "maximum_acceleration",
        "maximum_open_close_acceleration",
        "maximum_open_close_velocity",
        "maximum_torque",
        "maximum_velocity",
        "offset_distance",
        "slew_rate_limit",
        "threshold_radians",
        "timeout",
    }
)
"""Fields that are limits, delays or sizes; the numbers in them must not be negative."""
WRAPPERS = frozenset({"google.protobuf.DoubleValue", "google.protobuf.FloatValue"})
FLOATS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)


def impossible(request: Message) -> str:
    """The first impossible value of a request, with its path; "" if there is none."""
    waiting: list[tuple[Message, str, str]] = [(request, "", "")]
    seen = 0
    while waiting:
        message, place, rule = waiting.pop()
        fault = _of_message(message, rule)
        if fault:
            return f"{place or 'request'}: {fault}"
        for name, field, value in _values(message):
            seen += 1
            where = f"{place}.{name}" if place else name
            if seen > MAX_VALUES:
                return f"{where}: a request of more than {MAX_VALUES} values"
            here = field.name if field.name in NEVER_NEGATIVE else rule
            if isinstance(value, list):
                return f"{where}: {len(value)} entries, at most {MAX_ITEMS}"
            if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
                waiting.append((value, where, here))
            else:
                fault = _of_number(field, value, here)
                if fault:
                    return f"{where}: {fault}"
    return ""


def _values(message: Message) -> Iterator[tuple[str, Any, Any]]:
    """(name with index or key, field, value) of each field that is set; a list that is too long is one value."""
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            inner = field.message_type.fields_by_name["value"]
            if len(value) > MAX_ITEMS:
                yield field.name, inner, list(value)
                continue
            for key in value:
                yield f"{field.name}[{key!r}]", inner, value[key]
        elif field.is_repeated:
            if len(value) > MAX_ITEMS:
                yield field.name, field, list(value)
                continue
            for index, item in enumerate(value):
                yield f"{field.name}[{index}]", field, item
        else:
            yield field.name, field, value
    inside = _unpacked(message)
    if isinstance(inside, Message):
        yield from _values(inside)


def _unpacked(message: Message) -> Message | str | None:
    """The message in an Any, or why it cannot be read; None if `message` is no Any or of an unknown type."""
    if message.DESCRIPTOR.full_name != "google.protobuf.Any":
        return None
    packed: Any = message
    database = symbol_database.Default()
    try:
        kind = database.pool.FindMessageTypeByName(packed.type_url.rpartition("/")[2])
    except KeyError:
        return None
    try:
        return GetMessageClass(kind).FromString(packed.value)
    except DecodeError:
        return f"what is packed is not a {kind.full_name}"


def _of_number(field: Any, value: Any, rule: str) -> str:
    if field.cpp_type in FLOATS:
        if not math.isfinite(value):
            return f"{value} is not a finite number"
        if abs(value) > BOUND:
            return f"{value:g} is beyond {BOUND:g}"
        if rule and value < 0:
            return f"{value:g} is negative"
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM and value not in field.enum_type.values_by_number:
        return f"{value} is no {field.enum_type.full_name}"
    return ""


def _of_message(message: Any, rule: str) -> str:
    """The fault of a message as a whole, or "". rule: the field of NEVER_NEGATIVE that it belongs to, or ""."""
    inside = _unpacked(message)
    if isinstance(inside, str):
        return inside
    name = message.DESCRIPTOR.full_name
    if name == "bosdyn.api.Quaternion":
        length = math.hypot(message.w, message.x, message.y, message.z)
        low, high = QUATERNION_LENGTHS
        if math.isfinite(length) and not low <= length <= high:
            return f"a quaternion of length {length:g}; it must be about 1"
    elif name == "google.protobuf.Timestamp":
        if not (0 <= message.seconds <= LAST_TIMESTAMP_S and 0 <= message.nanos < 1_000_000_000):
            return f"{message.seconds} s {message.nanos} ns is no point in time"
    elif name == "google.protobuf.Duration":
        if abs(message.seconds) > LONGEST_S or abs(message.nanos) >= 1_000_000_000:
            return f"{message.seconds} s {message.nanos} ns is no duration"
        if rule and (message.seconds < 0 or message.nanos < 0):
            return "a negative duration"
    elif name in WRAPPERS and rule.startswith("max") and message.value == 0:
        return "a limit of 0 allows no motion; leave it out for the robot's own"
    return ""
