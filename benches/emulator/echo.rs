//! The yardstick of the emulator: a server of the same service that only gives back what was said.

use std::pin::Pin;

use futures::Stream;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};
use turnproof::proto::cx_v3 as cx;
use turnproof::proto::cx_v3::sessions_server::{Sessions, SessionsServer};

struct Echo;

type Responses<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Sessions for Echo {
    type ServerStreamingDetectIntentStream = Responses<cx::DetectIntentResponse>;
    type StreamingDetectIntentStream = Responses<cx::StreamingDetectIntentResponse>;

    async fn detect_intent(
        &self,
        request: Request<cx::DetectIntentRequest>,
    ) -> Result<Response<cx::DetectIntentResponse>, Status> {
        let input = request.into_inner().query_input.unwrap_or_default();
        let Some(cx::query_input::Input::Text(said)) = input.input else {
            return Err(Status::unimplemented("text only"));
        };
        let text = cx::response_message::Text {
            text: vec![said.text.clone()],
            ..cx::response_message::Text::default()
        };
        let message = cx::ResponseMessage {
            message: Some(cx::response_message::Message::Text(text)),
            ..cx::ResponseMessage::default()
        };
        Ok(Response::new(cx::DetectIntentResponse {
            query_result: Some(cx::QueryResult {
                query: Some(cx::query_result::Query::Text(said.text)),
                response_messages: vec![message],
                ..cx::QueryResult::default()
            }),
            ..cx::DetectIntentResponse::default()
        }))
    }

    async fn server_streaming_detect_intent(
        &self,
        _: Request<cx::DetectIntentRequest>,
    ) -> Result<Response<Self::ServerStreamingDetectIntentStream>, Status> {
        Err(Status::unimplemented("one by one"))
    }

    async fn streaming_detect_intent(
        &self,
        _: Request<Streaming<cx::StreamingDetectIntentRequest>>,
    ) -> Result<Response<Self::StreamingDetectIntentStream>, Status> {
        Err(Status::unimplemented("one by one"))
    }

    async fn match_intent(
        &self,
        _: Request<cx::MatchIntentRequest>,
    ) -> Result<Response<cx::MatchIntentResponse>, Status> {
        Err(Status::unimplemented("one by one"))
    }

    async fn fulfill_intent(
        &self,
        _: Request<cx::FulfillIntentRequest>,
    ) -> Result<Response<cx::FulfillIntentResponse>, Status> {
        Err(Status::unimplemented("one by one"))
    }

    async fn submit_answer_feedback(
        &self,
        _: Request<cx::SubmitAnswerFeedbackRequest>,
    ) -> Result<Response<cx::AnswerFeedback>, Status> {
        Err(Status::unimplemented("one by one"))
    }
}

/// Serves on a free port, and prints which, until the process is ended.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        let incoming = TcpListenerStream::new(listener);
        Server::builder()
            .tcp_nodelay(true)
            .add_service(SessionsServer::new(Echo))
            .serve_with_incoming(incoming)
            .await
            .unwrap();
    });
}
