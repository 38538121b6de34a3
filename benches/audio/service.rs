//! A service that listens, answers when the caller has spoken, and knows when each piece of sound came.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::Stream;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};
use turnproof::audio::{Encoding, is_silent};
use turnproof::proto::ces_v1 as ces;
use turnproof::proto::ces_v1::bidi_session_client_message::MessageType as FromClient;
use turnproof::proto::ces_v1::bidi_session_server_message::MessageType as FromServer;
use turnproof::proto::ces_v1::session_input::InputType;
use turnproof::proto::ces_v1::session_output::OutputType;
use turnproof::proto::ces_v1::session_service_server::{SessionService, SessionServiceServer};

use super::FORMAT;

type Answers = mpsc::Sender<Result<ces::BidiSessionServerMessage, Status>>;
type Outputs<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Listens to all calls.
#[derive(Clone)]
pub(crate) struct Service {
    /// Bytes of sound in what a caller says in a turn.
    spoken: usize,
    calls: Arc<Mutex<Vec<Vec<Piece>>>>,
}

/// A piece of sound.
struct Piece {
    came: Instant,
    lasts: Duration,
}

impl Service {
    /// One for callers who say so much in a turn, in bytes.
    pub(crate) fn expecting(spoken: usize) -> Self {
        Self {
            spoken,
            calls: Arc::default(),
        }
    }

    /// Serves from now on.
    pub(crate) async fn serve(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(SessionServiceServer::new(self))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        address
    }

    /// How late each piece came, compared with the one of its call that came earliest for its time.
    pub(crate) fn lateness(&self) -> Vec<Duration> {
        let calls = self.calls.lock().unwrap();
        calls.iter().flat_map(|pieces| late(pieces)).collect()
    }

    async fn listen(self, mut messages: Streaming<ces::BidiSessionClientMessage>, answers: Answers) {
        let mut pieces = Vec::new();
        let mut heard = 0;
        while let Ok(Some(message)) = messages.message().await {
            let Some(FromClient::RealtimeInput(input)) = message.message_type else {
                continue;
            };
            let Some(InputType::Audio(bytes)) = input.input_type else {
                continue;
            };
            pieces.push(Piece {
                came: Instant::now(),
                lasts: FORMAT.time_of(bytes.len()),
            });
            if !is_silent(&bytes, Encoding::Linear16) {
                heard += bytes.len();
            }
            if heard >= self.spoken {
                heard = 0;
                answer(&answers).await;
            }
        }
        self.calls.lock().unwrap().push(pieces);
    }
}

/// The turn is over.
async fn answer(answers: &Answers) {
    let said = [
        FromServer::RecognitionResult(ces::RecognitionResult {
            transcript: "hum".to_owned(),
        }),
        FromServer::SessionOutput(ces::SessionOutput {
            turn_completed: true,
            output_type: Some(OutputType::Text("heard".to_owned())),
            ..Default::default()
        }),
    ];
    for message in said {
        let message = ces::BidiSessionServerMessage {
            message_type: Some(message),
        };
        // A caller who has gone need not be told.
        let _ = answers.send(Ok(message)).await;
    }
}

fn late(pieces: &[Piece]) -> Vec<Duration> {
    let Some(first) = pieces.first() else {
        return Vec::new();
    };
    let mut due = Duration::ZERO;
    let after_due: Vec<f64> = pieces
        .iter()
        .map(|piece| {
            let after = (piece.came - first.came).as_secs_f64() - due.as_secs_f64();
            due += piece.lasts;
            after
        })
        .collect();
    let earliest = after_due.iter().copied().fold(0.0, f64::min);
    after_due
        .into_iter()
        .map(|after| Duration::from_secs_f64(after - earliest))
        .collect()
}

#[tonic::async_trait]
impl SessionService for Service {
    type StreamRunSessionStream = Outputs<ces::RunSessionResponse>;
    type BidiRunSessionStream = Outputs<ces::BidiSessionServerMessage>;

    async fn run_session(
        &self,
        _: Request<ces::RunSessionRequest>,
    ) -> Result<Response<ces::RunSessionResponse>, Status> {
        Err(Status::unimplemented("calls only"))
    }

    async fn stream_run_session(
        &self,
        _: Request<ces::RunSessionRequest>,
    ) -> Result<Response<Self::StreamRunSessionStream>, Status> {
        Err(Status::unimplemented("calls only"))
    }

    async fn bidi_run_session(
        &self,
        request: Request<Streaming<ces::BidiSessionClientMessage>>,
    ) -> Result<Response<Self::BidiRunSessionStream>, Status> {
        let (answers, messages) = mpsc::channel(16);
        tokio::spawn(self.clone().listen(request.into_inner(), answers));
        Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
    }
}
