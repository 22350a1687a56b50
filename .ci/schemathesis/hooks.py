"""What Schemathesis cannot know of this API: real ids, present ETags, new keys, and who must not see what.

Everything goes by the names of parameters and members and by what the lists answer, so that a new operation needs
nothing here. A part of a request that was made wrong on purpose is left as it is.
"""

import copy
import datetime
import hashlib
import json
import os
import random
import re
import uuid

import schemathesis
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import REQUEST_SHAPE_PROBES, coverage_scenario

from world import HANDLERS, PASSWORD, World

CALLER = os.environ["KIENNGHI_CONTRACT_CALLER"]
WORLD = World(os.environ["KIENNGHI_CONTRACT_URL"])
with open(os.environ["KIENNGHI_CONTRACT_STATE"], encoding="utf-8") as file:
    STATE = json.load(file)
WORLD.people.update(STATE["people"])
# Codes with the keys that open them: those made before, and those that this run submits.
RECEIPTS = list(STATE["receipts"])
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
CODE = re.compile(r"KN-[0-9A-Z]{9}")
# Where a petition made for a test is at home, and the name of who handles it there.
HOME = ("H99.2", "handler-one", "handler-one") if CALLER in HANDLERS else ("H99.1", "Lê Văn Xử Lý", "handler")
MADE_STATES = {"received", "awaiting_supplement", "classified", "assigned", "in_progress", "suspended",
               "awaiting_approval", "answered"}

# Refusals of content (422) that the document could tell beforehand. With any other code, a request that fits the
# document may be refused for its content: an id or a code that names nothing, a day in the future, a document used.
SAID_BY_THE_DOCUMENT = {
    "blank", "missing", "not_a_date", "not_a_digest", "not_a_time", "not_a_uuid", "out_of_range", "too_few",
    "too_long", "too_many", "too_short", "unknown_field", "wrong_length", "wrong_type",
}
# Except these, which hang on the petition, its rule or today: how many signed, by when to answer, up to what ceiling.
BY_THE_PETITION = {
    ("#/people", "out_of_range"), ("#/answer_by", "out_of_range"), ("#/notified_on", "out_of_range"),
    ("#/amount", "out_of_range"), ("#/criteria", "too_few"),
}
# `instance` goes with a complaint only; `subject` is a UUID or the code of a field, as `subject_kind` says; which
# fields there are is data; a window has its beginning before its end; what each report has differs, and stands in the
# address of some.
BY_OTHER_THINGS = {
    ("instance", "does_not_fit"), ("subject", "not_a_uuid"), ("field_code", "unknown_code"), ("to", "window_upside_down"),
    ("figure", "unknown_code"), ("group_by", "not_in_this_report"), ("basis", "not_in_this_report"),
    ("at_least", "not_in_this_report"), ("structure", "not_in_this_report"),
}


class Lists:
    """What the caller is shown, read anew after every 200 uses: his own calls change it."""

    def __init__(self):
        self.kept = {}

    def read(self, path):
        uses, items = self.kept.get(path, (200, []))
        if uses >= 200:
            uses, items = 0, as_caller_pages(path)
        self.kept[path] = (uses + 1, items)
        return items


LISTS = Lists()


def as_caller(method, path, **headers):
    """A request as the caller of this run, who may be nobody or a citizen with a token of his own."""
    token = STATE["token"]
    if token is None and CALLER != "anonymous":
        token = WORLD.token(CALLER)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return WORLD.call(method, path, None, None, **headers)


def as_caller_pages(path):
    """All items of a list, at most 50 pages of it; nothing where the caller may not read it."""
    mark, cursor, items = "&" if "?" in path else "?", "", []
    for _ in range(50):
        answer = as_caller("GET", f"{path}{mark}limit=100{cursor}")
        if answer.status_code == 400 and not cursor:
            # A list without pages.
            answer = as_caller("GET", path)
        if not answer.ok:
            return items
        page = answer.json()
        items += page.get("items", [])
        if not page.get("next_cursor"):
            return items
        cursor = f"&cursor={page['next_cursor']}"
    return items


def hidden(collection, name):
    """Keys of petitions that the caller's own list leaves out, though they are there."""
    if not collection.endswith("/petitions"):
        return set()
    if (collection, name) not in HIDDEN:
        shown = {item.get(name) for item in as_caller_pages(collection)}
        HIDDEN[collection, name] = STATE["petitions"][name].keys() - shown
    return HIDDEN[collection, name]


# At the start of the run; nobody else is there to show the caller more, and those made for him come later.
HIDDEN = {}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or coverage_scenario(case) in REQUEST_SHAPE_PROBES:
        return
    dice = random.Random(hashlib.sha256(repr((case.method, case.path, case)).encode()).digest())
    if sound(case, ParameterLocation.PATH):
        fill_path(case, dice)
    spare(case, dice)
    if sound(case, ParameterLocation.QUERY) and case.query:
        fill_query(case, dice)
    if sound(case, ParameterLocation.BODY) and isinstance(case.body, (dict, list)):
        body = copy.deepcopy(case.body)
        fill(body, dice, "")
        if body != case.body:
            case.body = body
    if sound(case, ParameterLocation.HEADER):
        fill_headers(case)


def spare(case, dice):
    """The run goes on: what ends a session ends one begun for it, and those who work for the tests stay in office."""
    if case.path in ("/v1/sessions/current", "/v1/sessions/{id}"):
        account = STATE["accounts"].get(case.headers.get("Authorization", "").removeprefix("Bearer "))
        if account is not None:
            end_another_session(case, account)
    elif CALLER == "admin" and case.method != "GET":
        for collection, member in (("/v1/officials", "id"), ("/v1/grants", "official_id")):
            if case.path.startswith(collection + "/{id}"):
                items = LISTS.read(collection)
                needed = {item["id"] for item in items if item[member] in WORLD.people}
                others = sorted({item["id"] for item in items} - needed)
                if case.path_parameters.get("id") in needed and others:
                    case.path_parameters = {**case.path_parameters, "id": dice.choice(others)}


def end_another_session(case, account):
    token = WORLD.session(account)["access_token"]
    case.headers["Authorization"] = f"Bearer {token}"
    sessions = {item["id"]: item["current"] for item in WORLD.pages("/v1/sessions", account)}
    if (case.path_parameters or {}).get("id") in sessions:
        newest = next(iter(sessions))
        case.path_parameters = {**case.path_parameters, "id": newest}


def sound(case, location):
    part = case.meta.components.get(location)
    return part is None or part.mode.is_positive


def drawn(case):
    """Names of parameters that Schemathesis took from an earlier answer: it draws conclusions from them."""
    return {draw.parameter_name for draw in case.meta.pool_draws}


def fill_path(case, dice):
    for name in list(case.path_parameters or {}):
        if name in drawn(case) or dice.random() < 0.1:
            continue
        collection, _, rest = case.path.partition("/{" + name + "}")
        value = key_for(case.operation.schema, collection, name, rest.strip("/"), dice)
        if value is not None:
            case.path_parameters = {**case.path_parameters, name: value}


def key_for(schema, collection, name, action, dice):
    """A key the caller is shown, one where the action is possible if there is one, or one he is not shown."""
    secret = sorted(hidden(collection, name))
    if secret and dice.random() < 0.15:
        return dice.choice(secret)
    if collection == "/v1/petitions" and action in transitions():
        found = petition_for(action, dice)
        if found is not None:
            return found
    if not readable(schema, collection):
        return None
    keys = [item[name] for item in LISTS.read(collection) if isinstance(item.get(name), str)]
    return dice.choice(keys) if keys else None


def readable(schema, path):
    return "get" in schema.raw_schema["paths"].get(path, {})


def transitions():
    if not TRANSITIONS:
        for row in WORLD.need("GET", "/v1/lifecycle").json()["transitions"]:
            TRANSITIONS.setdefault(row["action"], []).extend(row["from"])
    return TRANSITIONS


TRANSITIONS = {}


def petition_for(action, dice):
    """A petition where the caller may do this now: one there is, else one made for it."""
    if BARREN.get(action, 0) >= 2 or not LISTS.read("/v1/petitions"):
        return None
    states = transitions()[action]
    for state in dice.sample(states, len(states)):
        answer = as_caller("GET", f"/v1/petitions?state={state}&sort=-received_at")
        ids = [item["id"] for item in answer.json()["items"]] if answer.ok else []
        for one in dice.sample(ids, min(3, len(ids))):
            answer = as_caller("GET", f"/v1/petitions/{one}")
            if answer.ok and action in {possible["action"] for possible in answer.json()["actions"]}:
                return one
    made = [state for state in states if state in MADE_STATES]
    if not made:
        BARREN[action] = BARREN.get(action, 0) + 1
        return None
    one = WORLD.petition(dice.choice(made), *HOME)
    answer = as_caller("GET", f"/v1/petitions/{one}")
    if not answer.ok or action not in {possible["action"] for possible in answer.json()["actions"]}:
        BARREN[action] = BARREN.get(action, 0) + 1
    return one


# Actions that the caller could not do, though a petition was made for it: his role has no part in them.
BARREN = {}


def fill_query(case, dice):
    kept = drawn(case)
    query = {name: value for name, value in case.query.items() if name not in kept}
    fill(query, dice, "")
    query = {name: query.get(name, case.query[name]) for name in case.query}
    if case.path == "/v1/deadlines/preview":
        # Either an amount and its unit, or what selects the rule: the document cannot say "one of two sets".
        if "kind" in query:
            query = {name: value for name, value in query.items() if name not in ("amount", "unit")}
        else:
            amount = query.get("amount", str(dice.randint(0, 10000)))
            query = {"start_at": query["start_at"], "amount": amount, "unit": query.get("unit", "working_days")}
    if "cursor" in query and dice.random() < 0.9:
        # The signed mark of the page after this one, if there is one.
        del query["cursor"]
        path = case.operation.schema.get_full_path(case.formatted_path)
        text = "&".join(f"{key}={value}" for key, value in query.items() if isinstance(value, str))
        answer = as_caller("GET", f"{path}?{text}")
        following = answer.json().get("next_cursor") if answer.ok else None
        if following:
            query["cursor"] = following
    if query != case.query:
        case.query = query


def fill(value, dice, name):
    """Puts real references and sensible days where the names ask for them; three times of four."""
    if isinstance(value, list):
        for item in value:
            fill(item, dice, name)
        return
    if not isinstance(value, dict):
        return
    if {"code", "access_key"} <= value.keys() and RECEIPTS and dice.random() < 0.75:
        value.update(dice.choice(RECEIPTS))
        return
    if {"username", "password"} <= value.keys() and dice.random() < 0.5:
        value.update(username=dice.choice(["handler", "auditor"]), password=PASSWORD)
        return
    if set(value) == {"refresh_token"} and dice.random() < 0.75:
        value["refresh_token"] = WORLD.session("auditor")["refresh_token"]
        return
    agency = dice.choice(sorted(WORLD.agencies()))
    for member, content in value.items():
        if isinstance(content, (dict, list)):
            fill(content, dice, member)
        elif isinstance(content, str) and dice.random() < 0.75:
            found = reference(name, member, agency, dice)
            if found is not None:
                value[member] = found


def reference(parent, name, agency, dice):
    if name.endswith("agency_id") or name == "parent_id":
        return WORLD.agencies()[agency]
    if name.endswith("agency_code"):
        return agency
    if name == "subject":
        return dice.choice([WORLD.agencies()[agency], dice.choice(known("fields")), *WORLD.officials(agency)])
    if name.endswith("field_code"):
        return dice.choice(known("fields"))
    if name.endswith("area_code"):
        return dice.choice(known("areas"))
    if name in ("responsible_id", "official_id", "author_id", "person_id", "signer_id"):
        officials = WORLD.officials(agency)
        return dice.choice(officials) if officials else None
    if name in ("survivor", "petition_id") or (parent, name) == ("previous_petition", "id"):
        ids = [item["id"] for item in LISTS.read("/v1/petitions")] or sorted(STATE["petitions"]["id"])
        return dice.choice(ids)
    if name in ("due_on", "answer_by"):
        return WORLD.day(dice.randint(1, 30))
    if name.endswith(("_on", "_date")):
        return WORLD.day(-dice.randint(0, 3))
    if name.endswith("_at"):
        return (WORLD.now() - datetime.timedelta(seconds=dice.randint(1, 60))).isoformat()
    return None


def known(vocabulary):
    if not REFERENCE:
        REFERENCE.update(WORLD.need("GET", "/v1/reference").json())
    return [row["code"] for row in REFERENCE[vocabulary]]


REFERENCE = {}


def fill_headers(case):
    headers = {name.lower() for name in case.headers}
    declared = {parameter.name.lower() for parameter in case.operation.headers}
    if "idempotency-key" in declared & headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if "if-match" in declared & headers:
        version = present_version(case)
        if version is not None:
            case.headers["If-Match"] = version


def present_version(case):
    """The ETag of what the operation changes: of the nearest address above it that can be read."""
    template, schema = case.path, case.operation.schema
    while template.count("/") > 1:
        if readable(schema, template):
            path = template
            for name, value in (case.path_parameters or {}).items():
                path = path.replace("{" + name + "}", str(value))
            return as_caller("GET", path).headers.get("ETag")
        template = template.rpartition("/")[0]
    return None


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code == 201 and case.path == "/v1/petitions":
        told = response.json()
        if told.get("access_key"):
            RECEIPTS.append({"code": told["code"], "access_key": told["access_key"]})


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops refusals of a request that fits the document, where no document could tell; see SAID_BY_THE_DOCUMENT."""
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    try:
        problem = response.json()
    except ValueError:
        return True
    code, errors = problem.get("code"), problem.get("errors", [])
    if response.status_code == 422 and code == "validation" and errors:
        known = [error for error in errors if (error["pointer"], error["code"]) not in BY_THE_PETITION]
        return any(error["code"] in SAID_BY_THE_DOCUMENT for error in known)
    # The same of parameters, where what one may be depends on another or on data.
    if response.status_code == 400 and code == "invalid-parameter" and errors:
        return any((error["pointer"], error["code"]) not in BY_OTHER_THINGS for error in errors)
    # What is exchanged once is known to the server alone.
    if response.status_code == 400 and code == "invalid-grant":
        return False
    # A cursor is signed: no document can say which text is one.
    return not (response.status_code == 400 and code == "invalid-cursor" and "cursor" in (case.query or {}))


@schemathesis.check
def hidden_reads_as_absent(ctx, response, case):
    """What the caller may not see is answered as what is not there, and stands in no other answer."""
    asked = set((case.path_parameters or {}).values())
    for name in case.path_parameters or {}:
        collection, _, _ = case.path.partition("/{" + name + "}")
        secret = hidden(collection, name) & asked
        if secret and response.status_code not in (401, 404, 405):
            raise AssertionError(
                f"{CALLER} may not see {secret}, and gets {response.status_code} where an absent one gets 404"
            )
    # A change of the calendar tells the administrator which open petitions it moves, by code and dates alone; an archive
    # is bytes.
    archive = "application/zip" in str(response.headers.get("content-type"))
    if archive or case.path.startswith("/v1/calendar-changes"):
        return
    text = response.text
    found = set(UUID.findall(text)) | set(CODE.findall(text))
    sent = str(case.path_parameters) + str(case.query) + (str(case.body) if case.body is not NOT_SET else "")
    leaked = {one for one in found & secrets() if one not in sent} if found else set()
    if leaked:
        raise AssertionError(f"{CALLER} may not see {leaked}, and is told of it")


def secrets():
    """Ids and codes of all petitions the caller may learn of nowhere: neither in his lists nor in the public one."""
    if not SECRETS:
        lists = [as_caller_pages(path) for path in ("/v1/petitions", "/v1/tracking/petitions", "/v1/public/petitions")]
        told = {item.get(key) for items in lists for item in items for key in ("id", "code")}
        SECRETS.append({key for keys in STATE["petitions"].values() for key in keys} - told)
    return SECRETS[0]


SECRETS = []
