//! What the generated types do with bytes that a newer service may send, and where calls go.

use prost::Message;
use turnproof::proto::{ces_v1, cx_v3, cx_v3beta1};

/// A field that no declaration has: number 1999, a length-delimited value.
const UNKNOWN_FIELD: [u8; 6] = [0xfa, 0x7c, 0x03, b'n', b'e', b'w'];

#[test]
fn unknown_fields_are_skipped() {
    let mut bytes = ces_v1::SessionOutput {
        turn_index: 3,
        ..Default::default()
    }
    .encode_to_vec();
    bytes.extend(UNKNOWN_FIELD);
    let output = ces_v1::SessionOutput::decode(bytes.as_slice()).unwrap();
    assert_eq!(output.turn_index, 3);

    let mut bytes = cx_v3::QueryResult {
        language_code: "en".to_owned(),
        ..Default::default()
    }
    .encode_to_vec();
    bytes.extend(UNKNOWN_FIELD);
    assert_eq!(
        cx_v3beta1::QueryResult::decode(bytes.as_slice())
            .unwrap()
            .language_code,
        "en"
    );
}

#[test]
fn unknown_enum_values_survive() {
    let sent = cx_v3::Match {
        match_type: 42,
        ..Default::default()
    };
    let received = cx_v3::Match::decode(sent.encode_to_vec().as_slice()).unwrap();
    assert_eq!(received.match_type, 42);
    assert!(cx_v3::r#match::MatchType::try_from(received.match_type).is_err());
}

#[test]
fn an_output_of_an_unknown_kind_is_an_output_without_a_kind() {
    let output = ces_v1::SessionOutput::decode(UNKNOWN_FIELD.as_slice()).unwrap();
    assert_eq!(output.output_type, None);
}

#[test]
fn equal_messages_have_equal_bytes() {
    let headers = |keys: [&str; 3]| cx_v3::QueryParameters {
        webhook_headers: keys
            .map(|key| (key.to_owned(), "1".to_owned()))
            .into_iter()
            .collect(),
        ..Default::default()
    };
    assert_eq!(
        headers(["a", "b", "c"]).encode_to_vec(),
        headers(["c", "a", "b"]).encode_to_vec()
    );
}

#[test]
fn services_have_their_published_names() {
    use tonic::server::NamedService;
    use turnproof::proto::{
        ces_v1::session_service_server, cx_v3::sessions_server as v3, cx_v3beta1::sessions_server as v3beta1,
    };

    fn name<S: NamedService>() -> &'static str {
        S::NAME
    }
    assert_eq!(
        name::<session_service_server::SessionServiceServer<()>>(),
        "google.cloud.ces.v1.SessionService"
    );
    assert_eq!(
        name::<v3::SessionsServer<()>>(),
        "google.cloud.dialogflow.cx.v3.Sessions"
    );
    assert_eq!(
        name::<v3beta1::SessionsServer<()>>(),
        "google.cloud.dialogflow.cx.v3beta1.Sessions"
    );
}
