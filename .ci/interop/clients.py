"""Google's published clients talk to our emulator: what they read must be what our agents say.

usage: clients.py TURNPROOF
"""
import pathlib
import subprocess
import sys
import uuid

import grpc
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import ces_v1, dialogflowcx_v3, dialogflowcx_v3beta1
from google.cloud.ces_v1.services.session_service.transports import (
    SessionServiceGrpcTransport, SessionServiceRestTransport)
from google.cloud.dialogflowcx_v3.services.sessions.transports import (
    SessionsGrpcTransport as V3, SessionsRestTransport as V3Rest)
from google.cloud.dialogflowcx_v3beta1.services.sessions.transports import (
    SessionsGrpcTransport as V3Beta1, SessionsRestTransport as V3Beta1Rest)

from processes import emulator, need

AGENT = "projects/demo/locations/us-central1/agents/bike-workshop"
APP = "projects/demo/locations/us/apps/support"
SHARED = pathlib.Path("../shared/interop/official_client.py")


def books_a_repair(api, transport):
    """A whole booking, turn by turn."""
    client = api.SessionsClient(transport=transport)
    session = f"{AGENT}/sessions/{uuid.uuid4()}"

    def say(text):
        request = api.DetectIntentRequest(
            session=session, query_input=api.QueryInput(text=api.TextInput(text=text), language_code="en"))
        return client.detect_intent(request, retry=None).query_result

    first = say("I want to book a repair")
    need(first.match.intent.display_name == "repair.book", f"matched {first.match.intent.display_name!r}")
    need(first.current_page.display_name == "Repair details", f"on page {first.current_page.display_name!r}")
    second = say("brakes")
    need(second.match.match_type == api.Match.MatchType.PARAMETER_FILLING, "brakes did not fill the form")
    need(dict(second.parameters)["service"] == "brakes", f"parameters {dict(second.parameters)}")
    third = say("tomorrow")
    need(third.current_page.display_name == "Confirm booking", f"on page {third.current_page.display_name!r}")
    request = api.DetectIntentRequest(
        session=session, query_input=api.QueryInput(text=api.TextInput(text="no"), language_code="en"))
    parts = list(client.server_streaming_detect_intent(request))
    need(parts[-1].response_type == api.DetectIntentResponse.ResponseType.FINAL, "the stream has no final part")


def refuses_a_bad_session(api, transport):
    """A malformed name is the caller's mistake, and says so."""
    client = api.SessionsClient(transport=transport)
    try:
        client.detect_intent(api.DetectIntentRequest(session="nonsense"), retry=None)
    except exceptions.InvalidArgument:
        return
    need(False, "a malformed session name was accepted")


def is_told_of_mistakes(api, transport):
    """An error over REST has its name and its reason."""
    client = api.SessionsClient(transport=transport)
    try:
        client.detect_intent(api.DetectIntentRequest(session=f"{AGENT}/sessions/{'x' * 99}"), retry=None)
    except exceptions.BadRequest as error:
        need(error.message, "no reason is given")
        return
    need(False, "a session's name that is too long was accepted")


def talks_to_support(transport):
    """Two turns of the scripted app, counted by the service, and one in parts."""
    client = ces_v1.SessionServiceClient(transport=transport)
    config = ces_v1.SessionConfig(session=f"{APP}/sessions/{uuid.uuid4()}")
    for turn in (1, 2):
        answer = client.run_session(ces_v1.RunSessionRequest(config=config, inputs=[ces_v1.SessionInput(text="hello")]))
        need(answer.outputs[-1].turn_completed, "the last output does not complete the turn")
        need(answer.outputs[-1].turn_index == turn, f"turn {turn} is counted as {answer.outputs[-1].turn_index}")
    request = ces_v1.RunSessionRequest(config=config, inputs=[ces_v1.SessionInput(text="hello")])
    outputs = [output for part in client.stream_run_session(request) for output in part.outputs]
    need(outputs[-1].turn_completed, "the last output of a stream does not complete the turn")


def main():
    turnproof = sys.argv[1]
    # The workshop is closed on sundays, so "tomorrow" needs a day to count from: this one is a monday.
    served = ["--agent", "suites/agents/bike-workshop", "--app", "suites/agents/support.app.yaml"]
    with emulator(turnproof, *served, "--clock", "2026-03-02T10:00:00+01:00") as address:
        channel = grpc.insecure_channel(address)
        for api, transport in ((dialogflowcx_v3, V3), (dialogflowcx_v3beta1, V3Beta1)):
            books_a_repair(api, transport(channel=channel))
            refuses_a_bad_session(api, transport(channel=channel))
        talks_to_support(SessionServiceGrpcTransport(channel=channel))
        plain = {"host": address, "url_scheme": "http", "credentials": AnonymousCredentials()}
        for api, transport in ((dialogflowcx_v3, V3Rest), (dialogflowcx_v3beta1, V3Beta1Rest)):
            books_a_repair(api, transport(**plain))
            is_told_of_mistakes(api, transport(**plain))
        talks_to_support(SessionServiceRestTransport(**plain))
        print("Google's clients and the emulator understand each other, over gRPC and REST")
        if SHARED.exists():
            subprocess.run([sys.executable, SHARED, address], check=True)
        else:
            print(f"skipped: {SHARED} is not here")


if __name__ == "__main__":
    main()
