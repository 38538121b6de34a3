//! The yardstick: a client that does nothing but call the service, as tonic's own examples do.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use prost::Message;
use tonic::transport::{Channel, Endpoint};
use turnproof::proto::Struct;
use turnproof::proto::cx_v3::sessions_client::SessionsClient;
use turnproof::proto::cx_v3::{
    DetectIntentRequest, DetectIntentResponse, QueryInput, QueryParameters, TextInput, query_input,
};

/// What is said in a session, text by text.
pub(crate) type Script = Vec<String>;

/// How answers are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// With the types that prost makes of the service's declarations: a `Struct` is a tree.
    AsGenerated,
    /// With the program's own, which keep a `Struct` as the bytes it came in.
    Leanly,
}

/// A client of one server.
pub(crate) struct BareClient {
    runtime: tokio::runtime::Runtime,
    channel: Channel,
    reads: Reads,
}

impl BareClient {
    pub(crate) fn connect(address: &str, reads: Reads) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = runtime.block_on(endpoint.connect()).unwrap();
        Self {
            runtime,
            channel,
            reads,
        }
    }

    /// Plays the scripts, each in `sessions` sessions of its own, `in_flight` at once. Returns turns per second.
    pub(crate) fn play(&self, scripts: &[Script], sessions: usize, in_flight: usize) -> f64 {
        self.play_with(scripts, sessions, in_flight, &QueryParameters::default())
    }

    /// As [`BareClient::play`], with parameters of each turn.
    pub(crate) fn play_with(
        &self,
        scripts: &[Script],
        sessions: usize,
        in_flight: usize,
        parameters: &QueryParameters,
    ) -> f64 {
        let scripts: Arc<[Script]> = scripts.into();
        let next = Arc::new(AtomicUsize::new(0));
        let total = scripts.len() * sessions;
        let reads = self.reads;
        let start = Instant::now();
        let turns: usize = self.runtime.block_on(async {
            let workers: Vec<_> = (0..in_flight)
                .map(|_| {
                    let mut client = SessionsClient::new(self.channel.clone());
                    let (next, scripts) = (Arc::clone(&next), Arc::clone(&scripts));
                    let parameters = parameters.clone();
                    tokio::spawn(async move {
                        let mut turns = 0;
                        loop {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            if number >= total {
                                return turns;
                            }
                            let session = uuid::Uuid::new_v4();
                            for text in &scripts[number % scripts.len()] {
                                let request = request(&session, text, parameters.clone());
                                let answer = client.detect_intent(request).await.unwrap();
                                if reads == Reads::AsGenerated {
                                    read_objects(answer.get_ref());
                                }
                                turns += 1;
                            }
                        }
                    })
                })
                .collect();
            let mut turns = 0;
            for worker in workers {
                turns += worker.await.unwrap();
            }
            turns
        });
        #[expect(clippy::cast_precision_loss, reason = "some ten thousand turns")]
        let played = turns as f64;
        played / start.elapsed().as_secs_f64()
    }
}

/// Reads what the program's own types only keep.
fn read_objects(answer: &DetectIntentResponse) {
    let Some(result) = &answer.query_result else {
        return;
    };
    let of_match = result
        .r#match
        .as_ref()
        .and_then(|found| found.parameters.as_ref());
    let objects = [&result.diagnostic_info, &result.parameters];
    for object in objects.into_iter().flatten().chain(of_match) {
        black_box(generated(object));
    }
}

fn generated(object: &Struct) -> prost_types::Struct {
    prost_types::Struct::decode(object.encode_to_vec().as_slice()).unwrap()
}

fn request(session: &uuid::Uuid, text: &str, parameters: QueryParameters) -> DetectIntentRequest {
    DetectIntentRequest {
        session: format!("projects/p/locations/global/agents/a/sessions/{session}"),
        query_params: Some(parameters),
        query_input: Some(QueryInput {
            language_code: "en".to_owned(),
            input: Some(query_input::Input::Text(TextInput {
                text: text.to_owned(),
            })),
        }),
        ..DetectIntentRequest::default()
    }
}
