"""What the walk of `.ci/api` finds in the company, and what good requests say.

Made up data alone hardly ever gets beyond 404 and 422. So a company is furnished first, and of the requests that are made
up most get an id that there is, and many get a good body, as it is or with one field made up. What is mixed depends on
the request alone, so that each walk is the same.
"""

import io
import re
import socket
import struct
import wave
import zlib

# Of each kind the first things stay; the last ones are there to be deleted.
EACH = 5
STAY = 2

PATHS = {
    "/calls": "call",
    "/client-notes": "note",
    "/clients": "client",
    "/deals": "deal",
    "/departments": "department",
    "/groups": "group",
    "/imports": "import",
    "/mailboxes": "mailbox",
    "/menus": "menu",
    "/help": "topic",
    "/notices": "notice",
    "/numbers": "number",
    "/outbound-routes": "route",
    "/phone-book": "staff",
    "/projects": "project",
    "/prompts": "prompt",
    "/requests": "request",
    "/revisions": "revision",
    "/roles": "role",
    "/schedules": "schedule",
    "/security/blocks": "block",
    "/sites": "site",
    "/staff": "staff",
    "/tokens": "token",
    "/trunks": "trunk",
    "/webhook-deliveries": "delivery",
    "/webhooks": "webhook",
    "/widget": "key",
}

# Only a person at a page may do these: a session asks for them, not the token.
SESSION = ["/help/{id}/opinion", "/me/forwarding", "/me/notices", "/me/project", "/me/two-factor", "/tokens"]

ORIGIN = "https://shop.example"


def good(path, things, n):
    """What a good body of this path says; `None`: nothing is known of it."""
    one = lambda kind: things.get(kind, ["none"])[n % min(STAY, len(things.get(kind, ["none"])))]
    name = f"Thing {n}"
    number = f"+7495{n % 10**7:07}"
    short = f"{10000 + n % 80000}"
    to = {"staff_id": one("staff")}
    desk = {"project_id": one("project"), "schedule_id": one("schedule"), "closed_to": to}
    bodies = {
        "/account": {"name": name},
        "/calls": {"client_id": one("client")},
        "/clients": {"name": name, "number": number, "manager_id": one("staff")},
        "/clients/reassign": {"from_manager_id": one("staff"), "to_manager_id": one("staff")},
        "/clients/{id}": {"company": name, "manager_id": one("staff")},
        "/clients/{id}/timeline": {"body": name},
        "/client-notes/{id}": {"body": name},
        "/deals": {"title": name, "client_id": one("client"), "staff_id": one("staff"), "step_at": "2030-01-01T12:00:00Z"},
        "/deals/hand-over": {"deal_ids": [one("deal")], "to_staff_id": one("staff")},
        "/deals/{id}": {"title": name},
        "/departments": {"name": name, "short_number": short, "members": [one("staff")]},
        "/departments/{id}": {"name": name},
        "/departments/{id}/reception": desk,
        "/emergency": {"numbers": ["112"]},
        "/feature-codes": {"pickup": "department"},
        "/groups": {"name": name, "members": [one("staff")], "roles": [one("role")]},
        "/groups/{id}": {"name": name},
        "/help/{id}/opinion": {"useful": True},
        "/holidays": {"items": [{"date": "2027-01-01", "name": name}]},
        "/login": things["login"],
        "/me/forwarding": {"dnd": True},
        "/me/notices": {"kinds": ["request"]},
        "/me/project": {"project_id": one("project")},
        "/mailboxes": {"staff_id": one("staff")},
        "/mailboxes/{id}": {"longest_s": 60},
        "/menus": {"name": name, "short_number": f"{90000 + n % 10000}", "prompt_id": one("prompt"), "keys": {"1": to}},
        "/menus/{id}": {"name": name, "keys": {"2": to}},
        "/numbers/{id}/greeting": {"greeting_id": one("prompt"), "says_recorded": True},
        "/voicemails/{id}": {"heard": True},
        "/numbers": {"number": number, "staff_id": one("staff")},
        "/numbers/{id}": {"department_id": one("department")},
        "/numbers/{id}/reception": desk,
        "/outbound-routes": {"name": name, "prefix": f"+{n % 10**9}", "trunk_ids": [one("trunk")]},
        "/outbound-routes/{id}": {"name": name},
        "/projects": {"name": name},
        "/projects/{id}": {"name": name},
        "/requests/{id}": {"state": "done"},
        "/roles": {"name": name, "rights": [{"right": "calls:read"}]},
        "/roles/{id}": {"name": name},
        "/route/explain": {"called": "112", "caller_staff_id": one("staff")},
        "/schedules": {"name": name, "week": {"mon": ["09:00-18:00"]}, "dates": {"2027-01-01": []}},
        "/schedules/{id}": {"name": name},
        "/security/blocks": {"address": f"198.51.{n % 256}.{n // 256 % 256}"},
        "/sites": {"name": name, "origins": [ORIGIN], "staff_id": one("staff")},
        "/sites/{id}": {"name": name},
        "/staff": {"surname": name, "phone": number.replace("+7495", "+7496")},
        "/staff/{id}": {"position": name},
        "/staff/{id}/forwarding": {"always": number},
        "/staff/{id}/notices": {"sms": True, "email": True},
        "/staff/{id}/projects": {"projects": [{"project_id": one("project"), "receives_calls": True}]},
        "/staff/{id}/reception": {"method": "mobile", "schedule_id": one("schedule")},
        "/staff/{id}/roles": {"roles": ["employee", one("role")]},
        "/tokens": {"name": name, "scopes": ["staff:read"]},
        "/trunks": {"name": name, "servers": [{"host": "sip.provider.example"}], "prefixes": ["999"]},
        "/trunks/{id}": {"name": name, "max_calls": n % 1000 + 1},
        "/webhooks": {"name": name, "url": "https://crm.example/hook", "events": ["call.missed"]},
        "/webhooks/{id}": {"name": name},
        "/widget/{key}/requests": {"name": name, "number": number, "kind": "form"},
    }
    return bodies.get(path)


def sound():
    """A second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))
    return file.getvalue()


def picture():
    """A grey square, as PNG."""
    side = 64
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes([0] + [128] * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def table(n):
    """A client in a file, as CSV."""
    return f"name,number\nRow {n},+7499{n % 10**7:07}\n".encode()


# What is sent as it is: whatever is not named is a picture.
SOUNDS = ["/music", "/prompts", "/mailboxes/{id}/greeting"]
TABLES = ["/imports", "/imports/preview"]


def furnish(ask, login):
    """A company with several of everything that is made by asking: its ids by kind.

    `ask` takes a method, a path and a body, JSON or a picture, and gives the answer's body.
    """
    things = {"login": login, "topic": ["phone", "calls"], "block": [], "key": []}

    def make(kind, path, n, **more):
        made = ask("POST", path, good(path, things, n) | more)
        things.setdefault(kind, []).append(made["id"])
        return made

    for n in range(EACH):
        access = {"login": f"person{n}", "password": "correct horse", "role": "employee", "short_number": f"20{n}"}
        person = make("staff", "/staff", n, email=f"person{n}@shop.example", **access)["id"]
        if n < EACH - 1:
            ask("POST", f"/staff/{person}/sip", None)
        ask("PUT", f"/staff/{person}/photo", picture())
        ask("PUT", f"/staff/{person}/notices", good("/staff/{id}/notices", things, n))
    for kind, path in [("project", "/projects"), ("schedule", "/schedules"), ("role", "/roles"), ("group", "/groups")]:
        for n in range(EACH):
            make(kind, path, n)
    for n in range(EACH):
        for kind, path in [("department", "/departments"), ("client", "/clients"), ("deal", "/deals")]:
            make(kind, path, n)
        prompt = ask("POST", f"/prompts?name=Prompt{n}", sound(), {"content-type": "audio/wav"})
        things.setdefault("prompt", []).append(prompt["id"])
        make("menu", "/menus", n)
        things.setdefault("mailbox", []).append(ask("POST", "/mailboxes", {"staff_id": things["staff"][n]})["id"])
        make("trunk", "/trunks", n, **({"sources": ["127.0.0.1"]} if n == 0 else {}))
        make("number", "/numbers", n)
        make("route", "/outbound-routes", n + 70)
        note = ask("POST", f"/clients/{things['client'][n]}/timeline", {"body": "note"})
        things.setdefault("note", []).append(note["id"])
        things["key"].append(make("site", "/sites", n)["key"])
        hook = make("webhook", "/webhooks", n)["id"]
        things.setdefault("delivery", []).append(ask("POST", f"/webhooks/{hook}/test", None)["id"])
        make("token", "/tokens", n)
        things["block"].append(f"203.0.113.{n + 1}")
        ask("POST", "/security/blocks", {"address": things["block"][n]})
        visit = good("/widget/{key}/requests", things, n)
        ask("POST", f"/widget/{things['key'][n]}/requests", visit, {"origin": ORIGIN})
    for kind, path in [("request", "/requests"), ("project", "/projects")]:
        things[kind] = [item["id"] for item in ask("GET", path, None)["items"]]
    things["revision"] = [str(item["number"]) for item in ask("GET", "/revisions", None)["items"]]
    return things


def ring(server, number):
    """A call from outside to this number that nobody is there to take: it is missed."""
    with socket.socket(type=socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.connect(server)
        line.settimeout(10)
        here = "%s:%d" % line.getsockname()
        there = f"{number}@{server[0]}:{server[1]}"

        def send(method, to):
            head = [
                f"{method} sip:{there} SIP/2.0",
                f"Via: SIP/2.0/UDP {here};branch=z9hG4bKwalk{number[1:]};rport",
                "Max-Forwards: 70",
                f"From: <sip:+79161234567@{here}>;tag=walk",
                to,
                f"Call-ID: walk-{number[1:]}@{here}",
                f"CSeq: 1 {method}",
                f"Contact: <sip:walk@{here}>",
                "Content-Length: 0",
            ]
            line.send("\r\n".join([*head, "", ""]).encode())

        send("INVITE", f"To: <sip:{there}>")
        while True:
            answer = line.recv(65_535).decode()
            status = int(answer.split()[1])
            if status >= 300:
                send("ACK", re.search(r"^To:.*$", answer, re.MULTILINE | re.IGNORECASE)[0].strip())
                return status
            if status >= 200:
                raise SystemExit(f"somebody has answered: {status}")
