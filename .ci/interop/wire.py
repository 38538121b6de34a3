"""Our clients talk to a server built on Google's published message classes: what it reads must be what we meant.

usage: wire.py TURNPROOF
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from processes import need

SERVER = pathlib.Path("../shared/interop/reference_server.py")
SETTINGS = """
targets:
  workshop: {{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: "http://{address}", credentials: none }}
  support: {{ backend: ces, app: projects/p/locations/us/apps/a, endpoint: "http://{address}", credentials: none }}
"""
SUITES = {
    "workshop.yaml": """
suite: On the wire, CX
target: workshop
conversations:
  - name: every input
    start: { parameters: { tier: gold } }
    turns:
      - say: hello
        with: { language: de, time_zone: Europe/Berlin }
        expect: { reply: echo hello }
      - event: door.opened
      - dtmf: { digits: "12", finish: "#" }
      - silence: true
      - say: streamed
        via: server_stream
        expect: { reply: echo streamed }
""",
    "support.yaml": """
suite: On the wire, CES
target: support
conversations:
  - name: every call
    turns:
      - say: hello
        with: { variables: { tier: gold } }
        expect: { reply: echo hello }
      - say: streamed
        via: stream
        expect: { reply: echo streamed }
      - say: both ways
        via: bidi
        expect: { reply: echo both ways }
""",
}


def play(turnproof, folder):
    """Plays the suites against the server; gives the requests it logged."""
    log = folder / "log.jsonl"
    command = [sys.executable, SERVER, "--listen", "127.0.0.1:0", "--log", log]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = f"127.0.0.1:{json.loads(server.stdout.readline())['listening']}"
        (folder / "turnproof.yaml").write_text(SETTINGS.format(address=address))
        for name, text in SUITES.items():
            (folder / name).write_text(text)
        done = subprocess.run([turnproof, "run"], cwd=folder, capture_output=True, text=True)
        need(done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    finally:
        server.terminate()
        server.wait()
    return [json.loads(line) for line in log.read_text().splitlines()]


def main():
    if not SERVER.exists():
        print(f"skipped: {SERVER} is not here")
        return
    with tempfile.TemporaryDirectory() as folder:
        requests = play(sys.argv[1], pathlib.Path(folder))
    cx = [r["message"] for r in requests if r["method"].endswith("DetectIntent")]
    need(len(cx) == 5, f"{len(cx)} CX turns arrived instead of 5")
    need(len({m["session"] for m in cx}) == 1, "the conversation was spread over several sessions")
    first = cx[0]
    need(first["queryInput"]["languageCode"] == "de", "the language was lost")
    need(first["queryParams"]["timeZone"] == "Europe/Berlin", "the time zone was lost")
    need(first["queryParams"]["parameters"] == {"tier": "gold"}, "the start's parameters were lost")
    need("parameters" not in cx[1].get("queryParams", {}), "the start's parameters were sent again")
    need(cx[1]["queryInput"]["event"]["event"] == "door.opened", "the event was lost")
    need(cx[2]["queryInput"]["dtmf"] == {"digits": "12", "finishDigit": "#"}, "the keys were lost")
    need(cx[3]["queryInput"].get("text", {}) == {}, "silence is an empty text")
    headers = dict(requests[0]["metadata"])
    need("session=" in headers.get("x-goog-request-params", ""), "no routing header")
    need(headers.get("user-agent", "").startswith("turnproof/"), "no user agent")
    need(not [name for name in headers if name.startswith("x-turnproof-")], "emulator overrides went to a service")
    need("authorization" not in headers, "credentials went along although there are none")
    ces = [r for r in requests if r["method"] in ("RunSession", "StreamRunSession", "BidiRunSession")]
    inputs = ces[0]["message"]["inputs"]
    need(inputs[0].get("variables") == {"tier": "gold"}, "variables do not come first")
    need(inputs[-1].get("text") == "hello", "the text was lost")
    need([r["method"] for r in ces][:2] == ["RunSession", "StreamRunSession"], "the calls are not those asked for")
    need({"BidiRunSession"} == {r["method"] for r in ces[2:]}, "the last turn did not go both ways")
    print("our clients write what Google's message classes read")


if __name__ == "__main__":
    main()
