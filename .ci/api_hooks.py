"""What the walk of `.ci/api` does with requests that are made up, before they are sent; see `api_things.py`."""

import json
import os
import zlib

import schemathesis

from api_things import EACH, ORIGIN, PATHS, SESSION, SOUNDS, STAY, TABLES, good, picture, sound, table

with open(os.environ["FRONTDESK_WALK"]) as file:
    WALK = json.load(file)
THINGS = WALK["things"]


@schemathesis.serializer("audio/wav")
def a_sound(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path.removeprefix("/api/v1")
    own = any(path == own or path.startswith(f"{own}/") for own in SESSION) and case.method != "GET"
    case.headers.update(WALK["session"] if own else {"Authorization": f"Bearer {WALK['token']}"})
    if path.startswith("/widget/"):
        case.headers["Origin"] = ORIGIN
    if str(getattr(case.meta.phase.name, "value", case.meta.phase.name)) == "fuzzing":
        mix(case, path)


def mix(case, path):
    """Most requests are for something that there is; many say what is good, as it is or with one thing made up."""
    made_up = repr((case.method, path, case.path_parameters, case.query, case.headers.get("If-Match"), case.body))
    n = zlib.crc32(made_up.encode("utf-8", "surrogatepass"))
    kind = PATHS.get(path.split("/{")[0])
    known = THINGS.get(kind, []) if "{" in path else []
    if known and n % 4:
        ends = case.method == "DELETE" and path.endswith("}")
        some = known[STAY:-1] if ends and len(known) >= EACH else known[:STAY]
        some = known[-1:] if path.endswith("/erase") else some
        case.path_parameters = {name: some[n // 4 % len(some)] for name in case.path_parameters}
    if n % 3:
        case.headers.pop("If-Match", None)
    if not isinstance(case.media_type, str) or n % 5 == 0:
        return
    if case.media_type != "application/json":
        case.body = sound() if path in SOUNDS else table(n) if path in TABLES else picture()
        return
    body = good(path, THINGS, n)
    if body is None:
        return
    given = case.body if isinstance(case.body, dict) else {}
    if given and n % 5 > 2:
        name = sorted(given, key=str)[n // 5 % len(given)]
        body = body | {name: given[name]}
    case.body = body
