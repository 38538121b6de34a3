//! The yardstick: a client that does nothing but call the service, as tonic's own examples do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tonic::transport::Endpoint;
use turnproof::proto::cx_v3::sessions_client::SessionsClient;
use turnproof::proto::cx_v3::{DetectIntentRequest, QueryInput, TextInput, query_input};

/// Plays `sessions` of `turns` turns each, `in_flight` sessions at once.
pub(crate) fn turns_per_second(address: &str, sessions: usize, turns: usize, in_flight: usize) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let channel = Endpoint::from_shared(format!("http://{address}"))
            .unwrap()
            .connect()
            .await
            .unwrap();
        let next = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        let workers: Vec<_> = (0..in_flight)
            .map(|_| {
                let mut client = SessionsClient::new(channel.clone());
                let next = Arc::clone(&next);
                tokio::spawn(async move {
                    while next.fetch_add(1, Ordering::Relaxed) < sessions {
                        let session = uuid::Uuid::new_v4();
                        for _ in 0..turns {
                            client.detect_intent(request(&session)).await.unwrap();
                        }
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        #[expect(clippy::cast_precision_loss, reason = "some ten thousand turns")]
        let played = (sessions * turns) as f64;
        played / start.elapsed().as_secs_f64()
    })
}

fn request(session: &uuid::Uuid) -> DetectIntentRequest {
    DetectIntentRequest {
        session: format!("projects/p/locations/global/agents/a/sessions/{session}"),
        query_input: Some(QueryInput {
            language_code: "en".to_owned(),
            input: Some(query_input::Input::Text(TextInput {
                text: "hello".to_owned(),
            })),
        }),
        ..DetectIntentRequest::default()
    }
}
