"""What goes along with turns, and files: suites for wire.py, and what Google's message classes must read of them."""
import base64
import zlib

from processes import need

# Agents and apps of their own, so that their sessions are told from others.
SETTINGS = """
  pinned: {{ backend: cx, agent: projects/p/locations/global/agents/pinned, environment: e1,
            endpoint: "http://{address}", credentials: none }}
  files: {{ backend: ces, app: projects/p/locations/us/apps/files, deployment: prod,
           endpoint: "http://{address}", credentials: none }}
  turns: {{ backend: ces, app: projects/p/locations/us/apps/turns, endpoint: "http://{address}", credentials: none }}
"""
SUITES = {
    "pinned.yaml": """
suite: What goes along, CX
target: pinned
conversations:
  - name: everything at once
    start: { flow: { id: f1 }, page: { id: p2 }, parameters: { tier: gold, old: null } }
    with: { session_ttl: 2h, channel: DF_MESSENGER }
    turns:
      - say: hello
        with:
          payload: { source: web }
          disable_webhook: true
          webhook_headers: { x-trace: abc }
          session_entity_types:
            - { entity_type: { id: t1 }, supplement: true, entities: { Paris: [paree, paname] } }
          sentiment: true
          data_store_signals: true
          flow_versions: [f1/3]
        feedback: { rating: thumbs_down, reason: too long, labels: [style] }
        expect: { citations: { absent: true } }
      - say: again
        feedback: thumbs_up
""",
    "files.yaml": """
suite: What goes along, CES
target: files
conversations:
  - name: begins in the middle, and shows what it has
    start:
      agent: { id: desk }
      parameters: { tier: gold }
      history: [{ user: hello }, { Front desk: How can I help? }]
    turns:
      - image: fixtures/lamp.png
        say: what is this
        with:
          time_zone: Europe/Berlin
          use_tool_fakes: true
          remote_dialogflow:
            webhook_headers: { x-trace: abc }
            payload: { source: web }
            end_user_metadata: { age: 30 }
        expect: { reply: echo what is this }
      - blob: { file: fixtures/lamp.png, type: application/x-lamp }
        via: stream
        with: { text_streaming: true, deployment: beta }
      - image: fixtures/lamp.png
        blob: { file: fixtures/lamp.png, type: application/x-lamp }
        say: and this
        via: bidi
        expect: { reply: { contains: echo and this } }
""",
    "turns.yaml": """
suite: Turn by turn, CES
target: turns
defaults: { run_method: stable, start: { agent: { id: desk }, parameters: { tier: gold } } }
conversations:
  - name: each turn is told what should have been said before
    turns:
      - event: welcome
        history: [{ Desk: Hello! }]
      - image: fixtures/lamp.png
        say: what is this
        with: { variables: { colour: red } }
        expect: { reply: echo what is this }
      - say: streamed
        via: stream
        with: { entry_agent: { id: other } }
        expect: { reply: echo streamed }
      - say: both ways
        via: bidi
        expect: { reply: { contains: echo both ways } }
""",
}


def picture():
    """A PNG of one pixel."""
    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    header = (1).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\x80\x40\x20"))
            + chunk(b"IEND", b""))


def check_pinned(requests):
    """CX: each option in its place, the start with the first turn only, and answers rated by their own ids."""
    agent = "projects/p/locations/global/agents/pinned"
    ours = [r for r in requests if r["message"].get("session", "").startswith(f"{agent}/environments/e1/sessions/")]
    methods = [r["method"] for r in ours]
    need(methods == ["DetectIntent", "SubmitAnswerFeedback"] * 2, f"the calls were {methods}")
    first, rated, second, praised = [r["message"] for r in ours]
    given = first["queryParams"]
    need(given["currentPage"] == f"{agent}/flows/f1/pages/p2", f"it begins at {given.get('currentPage')}")
    need(given["parameters"] == {"tier": "gold", "old": None}, f"parameters {given['parameters']}")
    need(given["payload"] == {"source": "web"} and given["webhookHeaders"] == {"x-trace": "abc"}, f"{given}")
    need(given["disableWebhook"] and given["analyzeQueryTextSentiment"], f"{given}")
    need(given["populateDataStoreConnectionSignals"], "signals of data stores are not asked for")
    need(given["sessionTtl"] == "7200s" and given["channel"] == "DF_MESSENGER", f"{given}")
    need(given["flowVersions"] == [f"{agent}/flows/f1/versions/3"], f"{given['flowVersions']}")
    [kind] = given["sessionEntityTypes"]
    need(kind == {"name": f"{first['session']}/entityTypes/t1", "entityOverrideMode": "ENTITY_OVERRIDE_MODE_SUPPLEMENT",
                  "entities": [{"value": "Paris", "synonyms": ["paree", "paname"]}]}, f"{kind}")
    need(first["responseView"].endswith("FULL"), "not everything is asked for")
    later = second["queryParams"]
    need(set(later) == {"sessionTtl", "channel"}, f"the second turn brings {sorted(later)}")
    calls = [r["call"] for r in ours]
    for feedback, call in ((rated, calls[0]), (praised, calls[2])):
        need(feedback["responseId"] == f"r{call}", f"{feedback['responseId']} was rated instead of r{call}")
    need(rated["answerFeedback"] == {"rating": "THUMBS_DOWN", "ratingReason": {
        "feedback": "too long", "reasonLabels": ["style"]}}, f"{rated['answerFeedback']}")
    need(praised["answerFeedback"] == {"rating": "THUMBS_UP"}, f"{praised['answerFeedback']}")


def check_files(requests):
    """CES: files before words, the bytes whole; the start with the first turn only; options in their places."""
    app = "projects/p/locations/us/apps/files"
    once = [r["message"] for r in requests if r["method"] in ("RunSession", "StreamRunSession")
            and r["message"]["config"]["session"].startswith(f"{app}/")]
    need(len(once) == 2, f"{len(once)} calls instead of 2")
    data = base64.b64encode(picture()).decode()
    image = {"image": {"mimeType": "image/png", "data": data}}
    blob = {"blob": {"mimeType": "application/x-lamp", "data": data}}
    config = once[0]["config"]
    need(once[0]["inputs"] == [{"variables": {"tier": "gold"}}, image, {"text": "what is this"}], f"{once[0]['inputs']}")
    need(config["entryAgent"] == f"{app}/agents/desk", f"{config}")
    need(config["deployment"] == f"{app}/deployments/prod" and config["timeZone"] == "Europe/Berlin", f"{config}")
    need(config["useToolFakes"] and "enableTextStreaming" not in config, f"{config}")
    need(config["historicalContexts"] == [{"role": "user", "chunks": [{"text": "hello"}]},
                                          {"role": "Front desk", "chunks": [{"text": "How can I help?"}]}], f"{config}")
    need(config["remoteDialogflowQueryParameters"] == {"webhookHeaders": {"x-trace": "abc"}, "payload": {"source": "web"},
                                                       "endUserMetadata": {"age": 30.0}}, f"{config}")
    need(once[1]["inputs"] == [blob], f"{once[1]['inputs']}")
    config = once[1]["config"]
    need(config["deployment"] == f"{app}/deployments/beta" and "entryAgent" not in config, f"{config}")
    need(config["enableTextStreaming"] and "historicalContexts" not in config, f"{config}")
    streams = {r["call"] for r in requests if r["method"] == "BidiRunSession"
               and r["message"].get("config", {}).get("session", "").startswith(f"{app}/")}
    need(len(streams) == 1, f"{len(streams)} streams instead of 1")
    inputs = [r["message"]["realtimeInput"] for r in requests if r["call"] in streams and "realtimeInput" in r["message"]]
    more = {"willContinue": True}
    need(inputs == [image | more, blob | more, {"text": "and this"}], f"{inputs}")


def check_turns(requests):
    """CES: a session for each turn, and in its configuration what the suite says was said before."""
    app = "projects/p/locations/us/apps/turns"
    ours = [r for r in requests if r["message"].get("config", {}).get("session", "").startswith(f"{app}/")]
    methods = [r["method"] for r in ours]
    need(methods == ["RunSession", "RunSession", "StreamRunSession", "BidiRunSession"], f"the calls were {methods}")
    configs = [r["message"]["config"] for r in ours]
    need(len({config["session"] for config in configs}) == 4, "turns share a session")
    data = base64.b64encode(picture()).decode()
    greeted = [{"role": "Desk", "chunks": [{"text": "Hello!"}]}]
    asked = [{"role": "user", "chunks": [{"image": {"mimeType": "image/png", "data": data}}, {"text": "what is this"}]},
             {"role": "Desk", "chunks": [{"text": "echo what is this"}]}]
    streamed = [{"role": "user", "chunks": [{"text": "streamed"}]}, {"role": "Desk", "chunks": [{"text": "echo streamed"}]}]
    before = ([], greeted, greeted + asked, greeted + asked + streamed)
    for config, told, agent in zip(configs, before, ("desk", "desk", "other", "desk")):
        need(config.get("historicalContexts", []) == told, f"{config} instead of {told}")
        need(config["entryAgent"] == f"{app}/agents/{agent}", f"{config}")
    given = [r["message"]["inputs"][0] for r in ours[:3]]
    need(given == [{"variables": {"tier": "gold"}}] + [{"variables": {"tier": "gold", "colour": "red"}}] * 2, f"{given}")


def check(requests):
    """Everything of this file."""
    check_pinned(requests)
    check_files(requests)
    check_turns(requests)


def others(requests):
    """The requests that belong to other suites."""
    def name(message):
        return message.get("session") or message.get("config", {}).get("session", "")
    calls = {r["call"] for r in requests if "/agents/pinned/" in name(r["message"]) or "/apps/files/" in name(r["message"])
             or "/apps/turns/" in name(r["message"])}
    return [r for r in requests if r["call"] not in calls]
