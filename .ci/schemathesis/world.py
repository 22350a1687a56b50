"""The server as its people know it: signing in, submitting petitions, and moving them to where a test needs them."""

import datetime
import itertools
import threading
import uuid

import requests

PASSWORD = "kiennghi-demo"
# Two handlers who may not see each other's petitions: of two communes, side by side.
HANDLERS = {"handler-one": "H99.2", "handler-two": "H99.3"}
HANDLER_PASSWORD = "two handlers, two communes"


class World:
    """Requests by name of account. A token is asked for once, and anew when its session was ended."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.lock = threading.RLock()
        self.tokens = {}
        # Ids of the officials who signed in here.
        self.people = set()
        self.numbers = itertools.count(1)
        self._agencies = None
        self._officials = {}

    def call(self, method, path, who=None, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        for last in (False, True):
            if who is not None:
                headers["Authorization"] = f"Bearer {self.token(who)}"
            answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=20)
            if last or who is None or answer.status_code != 401:
                return answer
            self.tokens.pop(who, None)

    def need(self, method, path, who=None, body=None, **headers):
        """The same for what has to succeed."""
        answer = self.call(method, path, who, body, **headers)
        if not answer.ok:
            raise RuntimeError(f"{method} {path} as {who}: {answer.status_code} {answer.text[:500]}")
        return answer

    def token(self, who):
        with self.lock:
            if who not in self.tokens:
                self.tokens[who] = self.session(who)["access_token"]
            return self.tokens[who]

    def session(self, who):
        """A session of its own."""
        password = HANDLER_PASSWORD if who in HANDLERS else PASSWORD
        told = self.need("POST", "/v1/sessions", None, {"username": who, "password": password}).json()
        self.people.add(told["official"]["id"])
        return told

    def pages(self, path, who=None):
        """All items of a list, at most 20 pages."""
        mark = "&" if "?" in path else "?"
        cursor = ""
        for _ in range(20):
            answer = self.call("GET", f"{path}{mark}limit=100{cursor}", who)
            if not answer.ok:
                return
            page = answer.json()
            yield from page["items"]
            if not page.get("next_cursor"):
                return
            cursor = f"&cursor={page['next_cursor']}"

    def agencies(self):
        if self._agencies is None:
            self._agencies = {agency["code"]: agency["id"] for agency in self.pages("/v1/agencies")}
        return self._agencies

    def officials(self, agency_code):
        """Ids of the officials of an agency, those added last first."""
        if agency_code not in self._officials:
            path = f"/v1/officials?agency_id={self.agencies()[agency_code]}"
            found = [official["id"] for official in self.pages(path, "coordinator")]
            self._officials[agency_code] = sorted(found, reverse=True)
        return self._officials[agency_code]

    def official(self, name, agency_code):
        """The id of an account, by the name that stands under its replies."""
        path = f"/v1/officials?agency_id={self.agencies()[agency_code]}"
        return next(one["id"] for one in self.pages(path, "coordinator") if one["full_name"] == name)

    def now(self):
        """The server's own clock, which in a sandbox is not ours."""
        told = self.call("GET", "/readyz").json().get("now")
        if told is None:
            return datetime.datetime.now(datetime.timezone.utc)
        return datetime.datetime.fromisoformat(told.replace("Z", "+00:00"))

    def day(self, days):
        return (self.now() + datetime.timedelta(days=days)).date().isoformat()

    def submit(self, who=None, **more):
        """A new petition: what the submitter is answered, `code` and `access_key` with it."""
        number = next(self.numbers)
        body = {
            "kind": "feedback",
            "title": f"Đèn đường số {number} không sáng",
            "content": f"Đèn đường số {number} tắt từ đầu tháng, đi lại buổi tối rất khó.",
            "field_code": "environment",
            "submitter": {"full_name": "Nguyễn Văn A", "phone": "0912345678"},
            **more,
        }
        if who is None:
            body["channel"] = "mobile_app"
        else:
            body.update(channel="citizen_reception", received_at=self.now().isoformat())
        answer = self.need("POST", "/v1/petitions", who, body, Idempotency_Key=str(uuid.uuid4()))
        return answer.json()

    def act(self, petition, action, who, **body):
        path = f"/v1/petitions/{petition}"
        version = self.need("GET", path, who).headers["ETag"]
        self.need("POST", f"{path}/{action}", who, body, If_Match=version)

    def drive(self, petition, state, agency_code, handler_name, handler, approver="approver"):
        """From received to a state, by those whose work it is."""
        number = next(self.numbers)
        document = {"number": str(number), "symbol": "UBND-KT", "issued_on": self.day(0)}
        agency, person = self.agencies()[agency_code], self.official(handler_name, agency_code)
        draft = {"text": "Đã thay bóng đèn, đèn sáng lại.", "outcome": "resolved"}
        signed = {"signer": "Phạm Thị Ký Duyệt", "signed_on": self.day(0)}
        ours = {"kind": "feedback", "field_code": "environment", "visibility": "parties_only"}
        steps = {
            "awaiting_supplement": [("supplement-request", "intake", {"missing": "Vị trí", "answer_by": self.day(9)})],
            "classified": [("classification", "coordinator", ours)],
            "assigned": [("assignment", "coordinator", {"agency_id": agency, "responsible_id": person})],
            "in_progress": [("acceptance", handler, {})],
            "suspended": [("suspension", approver, {"ground": "objective_obstacle", "document": document})],
            "awaiting_approval": [("reply-draft", handler, draft), ("reply-submission", handler, {})],
            "answered": [("reply-approval", approver, {"notice": signed, "addressee": "Ông Nguyễn Văn A"})],
        }
        beside = {"awaiting_supplement", "suspended"}
        if state == "received":
            return
        for reached, moves in steps.items():
            if reached == state or (reached not in beside and state != "awaiting_supplement"):
                for action, who, body in moves:
                    self.act(petition, action, who, **body)
            if reached == state:
                return

    def petition(self, state, agency_code, handler_name, handler):
        """A petition of its own in a state; its id."""
        area = {"H99.1": "99001", "H99.2": "99002", "H99.3": "99003"}[agency_code]
        told = self.submit("intake", agency_code=agency_code, location={"text": "Ngõ 3", "area_code": area})
        self.drive(told["id"], state, agency_code, handler_name, handler)
        return told["id"]
