"""Our clients talk to a server built on Google's published message classes: what it reads must be what we meant.

usage: wire.py TURNPROOF
"""
import base64
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import wave

import along
from processes import need

SERVER = pathlib.Path("../shared/interop/reference_server.py")
SETTINGS = """
targets:
  workshop: {{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: "http://{address}", credentials: none }}
  support: {{ backend: ces, app: projects/p/locations/us/apps/a, endpoint: "http://{address}", credentials: none }}
  line: {{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: "http://{address}", credentials: none,
          audio: {{ encoding: mulaw, rate: 8000, pace: 2, output: {{ encoding: linear16 }} }} }}
  voice: {{ backend: ces, app: projects/p/locations/us/apps/a, endpoint: "http://{address}", credentials: none,
           audio: {{ pace: 4, output: {{ encoding: linear16 }} }} }}
"""
# Half a second that is nowhere silent.
TONE = [4000 if n // 8 % 2 else -4000 for n in range(8000)]
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
    "line.yaml": """
suite: On the wire, CX with sound
target: line
conversations:
  - name: a recording
    start: { parameters: { tier: gold } }
    turns:
      - audio: { file: fixtures/tone.wav, convert: true }
        expect: { transcript: 4000 bytes, reply: echo 4000 bytes }
      - silence: 200ms
        expect: { transcript: 1600 bytes }
      - say: typed
        via: stream
        expect: { reply: echo typed }
""",
    "voice.yaml": """
suite: On the wire, CES with sound
target: voice
conversations:
  - name: speaks, types, presses keys, speaks again
    turns:
      - audio: fixtures/tone.wav
        with: { variables: { tier: gold } }
        expect: { transcript: 16000 bytes, reply: { contains: echo audio } }
      - say: typed
        via: bidi
        expect: { reply: echo typed }
      - dtmf: "12"
        via: bidi
        expect: { reply: echo dtmf }
      - audio: fixtures/tone.wav
        expect: { transcript: 16000 bytes, reply: echo audio }
""",
}


def play(turnproof, folder):
    """Plays the suites against the server; gives the requests it logged."""
    log = folder / "log.jsonl"
    command = [sys.executable, SERVER, "--listen", "127.0.0.1:0", "--log", log]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = f"127.0.0.1:{json.loads(server.stdout.readline())['listening']}"
        (folder / "turnproof.yaml").write_text((SETTINGS + along.SETTINGS).format(address=address))
        for name, text in (SUITES | along.SUITES).items():
            (folder / name).write_text(text)
        (folder / "fixtures").mkdir()
        (folder / "fixtures" / "lamp.png").write_bytes(along.picture())
        with wave.open(str(folder / "fixtures" / "tone.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(struct.pack(f"<{len(TONE)}h", *TONE))
        done = subprocess.run([turnproof, "run"], cwd=folder, capture_output=True, text=True)
        need(done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    finally:
        server.terminate()
        server.wait()
    return [json.loads(line) for line in log.read_text().splitlines()]


def calls(requests, method):
    """The requests of each call of a streaming method, in order."""
    by_call = {}
    for request in requests:
        if request["method"] == method:
            by_call.setdefault(request["call"], []).append(request)
    return list(by_call.values())


def check_line(requests):
    """CX: the configuration first, then sound only, in pieces of 100 ms, each recording once."""
    streams = calls(requests, "StreamingDetectIntent")
    need(len(streams) == 3, f"{len(streams)} streams arrived instead of 3")
    for stream, size in zip(streams[:2], (4000, 1600)):
        messages = [r["message"] for r in stream]
        first, rest = messages[0], messages[1:]
        config = first["queryInput"]["audio"]["config"]
        need(config["audioEncoding"] == "AUDIO_ENCODING_MULAW" and config["sampleRateHertz"] == 8000, f"announced {config}")
        need("audio" not in first["queryInput"]["audio"], "the first message holds sound")
        need(first["session"] == streams[0][0]["message"]["session"], "another session")
        need(first["enablePartialResponse"] and first["responseView"].endswith("FULL"), "partial or full is not asked for")
        need(first["outputAudioConfig"]["audioEncoding"] == "OUTPUT_AUDIO_ENCODING_LINEAR_16", "speech is not asked for")
        for message in rest:
            need(set(message) == {"queryInput"}, f"more than sound: {sorted(message)}")
            need(set(message["queryInput"]["audio"]) == {"audio"}, "the configuration was sent again")
        sizes = [len(base64.b64decode(m["queryInput"]["audio"]["audio"])) for m in rest]
        need(sum(sizes) == size and all(piece == 800 for piece in sizes), f"pieces of {sizes}")
        times = [r["time"] for r in stream[1:]]
        need(times[-1] - times[0] >= 0.03 * (len(times) - 1), f"too fast: {times}")
    need("parameters" in streams[0][0]["message"]["queryParams"], "the start's parameters were lost")
    need("parameters" not in streams[1][0]["message"].get("queryParams", {}), "the start's parameters were sent again")
    typed = [r["message"] for r in streams[2]]
    need(len(typed) == 1 and typed[0]["queryInput"]["text"]["text"] == "typed", f"the text went as {typed}")


def check_voice(requests):
    """CES: one stream; the configuration first, then sound without a gap, with keys and text in between."""
    streams = [s for s in calls(requests, "BidiRunSession") if "inputAudioConfig" in s[0]["message"].get("config", {})]
    need(len(streams) == 1, f"{len(streams)} streams with sound instead of 1")
    messages = [r["message"] for r in streams[0]]
    config = messages[0]["config"]
    need(config["inputAudioConfig"] == {"audioEncoding": "LINEAR16", "sampleRateHertz": 16000}, f"{config}")
    need(config["outputAudioConfig"] == {"audioEncoding": "LINEAR16", "sampleRateHertz": 16000}, f"{config}")
    inputs = [m["realtimeInput"] for m in messages[1:]]
    for given in inputs:
        kinds = set(given) - {"willContinue"}
        need(len(kinds) == 1, f"an input is {sorted(kinds)}")
    kinds = [next(iter(set(given) - {"willContinue"})) for given in inputs if "audio" not in given]
    need(kinds == ["variables", "text", "dtmf"], f"beside the sound came {kinds}")
    need(inputs[0].get("willContinue") and "variables" in inputs[0], "variables do not come before the speech")
    sound = [base64.b64decode(given["audio"]) for given in inputs if "audio" in given]
    need(all(len(piece) == 3200 for piece in sound), f"pieces of {sorted({len(piece) for piece in sound})}")
    spoken = sum(len(piece) for piece in sound if any(piece))
    need(spoken == 2 * 2 * len(TONE), f"{spoken} bytes were spoken")
    times = [r["time"] for r in streams[0][1:] if "audio" in r["message"]["realtimeInput"]]
    gaps = [after - before for before, after in zip(times, times[1:])]
    need(max(gaps) < 1.0, f"the sound stopped for {max(gaps)} s")
    wanted = 0.025 * (len(times) - 1)
    need(abs(times[-1] - times[0] - wanted) < 0.5, f"{len(times)} pieces in {times[-1] - times[0]} s instead of {wanted}")


def main():
    if not SERVER.exists():
        print(f"skipped: {SERVER} is not here")
        return
    with tempfile.TemporaryDirectory() as folder:
        requests = play(sys.argv[1], pathlib.Path(folder))
    along.check(requests)
    requests = along.others(requests)
    check_line(requests)
    check_voice(requests)
    cx = [r["message"] for r in requests if r["method"] in ("DetectIntent", "ServerStreamingDetectIntent")]
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
    headers = dict(next(r for r in requests if r["method"] == "DetectIntent")["metadata"])
    need("session=" in headers.get("x-goog-request-params", ""), "no routing header")
    need(headers.get("user-agent", "").startswith("turnproof/"), "no user agent")
    need(not [name for name in headers if name.startswith("x-turnproof-")], "emulator overrides went to a service")
    need("authorization" not in headers, "credentials went along although there are none")
    ces = [r for r in requests if r["method"] in ("RunSession", "StreamRunSession", "BidiRunSession")]
    ces.sort(key=lambda r: r["method"] == "BidiRunSession")
    inputs = ces[0]["message"]["inputs"]
    need(inputs[0].get("variables") == {"tier": "gold"}, "variables do not come first")
    need(inputs[-1].get("text") == "hello", "the text was lost")
    need([r["method"] for r in ces][:2] == ["RunSession", "StreamRunSession"], "the calls are not those asked for")
    typed = [r["message"]["realtimeInput"]["text"] for r in ces if r["message"].get("realtimeInput", {}).get("text")]
    need("both ways" in typed, "the last turn did not go both ways")
    print("our clients write what Google's message classes read")


if __name__ == "__main__":
    main()
