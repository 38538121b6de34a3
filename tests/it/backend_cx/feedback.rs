//! Answers are rated by their ids, with a call of its own.

use serde_json::json;
use tonic::Status;
use turnproof::backend::TurnRequest;
use turnproof::backend::cx::CxTarget;
use turnproof::backend::error::BackendErrorKind;
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{ApiVersion, Feedback, Input, Name, Rating, Start, Via, With};
use turnproof::model::transcript::Observed;
use turnproof::proto::cx_v3beta1 as cx;

use crate::scripted::{Reply, ScriptedServer};

use super::*;

const TIME: Duration = Duration::from_secs(30);

fn with_id(id: &str) -> cx::DetectIntentResponse {
    cx::DetectIntentResponse {
        response_id: id.to_owned(),
        ..answer(vec![text("hello")])
    }
}

fn bad() -> Feedback {
    Feedback {
        rating: Rating::ThumbsDown,
        reason: Some("that was about another bike".to_owned()),
        labels: vec!["wrong answer".to_owned()],
    }
}

#[tokio::test]
async fn the_last_answer_is_rated_by_its_id() {
    for (api_version, package) in [(ApiVersion::V3, "v3"), (ApiVersion::V3Beta1, "v3beta1")] {
        let server = ScriptedServer::start().await;
        for id in ["r1", "r2"] {
            server.reply("DetectIntent", Reply::one(&with_id(id)));
        }
        for _ in 0..2 {
            server.reply("SubmitAnswerFeedback", Reply::one(&cx::AnswerFeedback::default()));
        }
        let target = CxTarget {
            api_version,
            ..target()
        };
        let mut session = open_with(&server, target, Start::default()).await;
        session.play(say("hi")).await.unwrap();
        session.play(say("hi")).await.unwrap();
        session.rate(&bad(), TIME).await.unwrap();
        let good = Feedback {
            rating: Rating::ThumbsUp,
            reason: None,
            labels: Vec::new(),
        };
        session.rate(&good, TIME).await.unwrap();
        let received = server.received();
        let rated = &received[2];
        assert_eq!(
            rated.path,
            format!("/google.cloud.dialogflow.cx.{package}.Sessions/SubmitAnswerFeedback")
        );
        let name = format!("{AGENT}/sessions/s1");
        assert_eq!(rated.header("x-goog-request-params"), format!("session={name}"));
        let reason = cx::answer_feedback::RatingReason {
            feedback: "that was about another bike".to_owned(),
            reason_labels: vec!["wrong answer".to_owned()],
        };
        let sent = |rating: cx::answer_feedback::Rating, rating_reason| cx::SubmitAnswerFeedbackRequest {
            session: name.clone(),
            response_id: "r2".to_owned(),
            answer_feedback: Some(cx::AnswerFeedback {
                rating: rating.into(),
                rating_reason,
                custom_rating: String::new(),
            }),
            update_mask: None,
        };
        let down = sent(cx::answer_feedback::Rating::ThumbsDown, Some(reason));
        assert_eq!(rated.read::<cx::SubmitAnswerFeedbackRequest>(), down);
        let up = sent(cx::answer_feedback::Rating::ThumbsUp, None);
        assert_eq!(received[3].read::<cx::SubmitAnswerFeedbackRequest>(), up);
    }
}

#[tokio::test]
async fn what_has_no_id_is_not_rated() {
    let server = ScriptedServer::start().await;
    let matched = cx::MatchIntentResponse::default();
    server.reply("DetectIntent", Reply::one(&with_id("r1")));
    server.reply("MatchIntent", Reply::one(&matched));
    let mut session = open(&server).await;
    let failed = session.rate(&bad(), TIME).await.unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Request, Sent::No)
    );
    session.play(say("hi")).await.unwrap();
    let ask = TurnRequest {
        via: Some(Via::Match),
        ..turn(Input::Intent(Name::Id("i".to_owned())))
    };
    session.play(ask).await.unwrap();
    let failed = session.rate(&bad(), TIME).await.unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Request, Sent::No)
    );
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_refused_rating_says_why_and_is_not_sent_again() {
    let server = ScriptedServer::start().await;
    server.reply("DetectIntent", Reply::one(&with_id("r1")));
    server.reply(
        "SubmitAnswerFeedback",
        Reply::fail(Status::not_found("no such answer")),
    );
    server.reply("SubmitAnswerFeedback", Reply::fail(Status::unavailable("later")));
    let mut session = open(&server).await;
    session.play(say("hi")).await.unwrap();
    let failed = session.rate(&bad(), TIME).await.unwrap_err();
    assert_eq!(failed.sent, Sent::Yes);
    assert!(failed.to_string().contains("no such answer"), "{failed}");
    let failed = session.rate(&bad(), TIME).await.unwrap_err();
    assert_eq!(failed.error.code, Some("UNAVAILABLE"));
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn sources_and_sentiment_come_when_they_are_asked_for() {
    let server = ScriptedServer::start().await;
    let mut told = with_id("r1");
    let result = told.query_result.as_mut().unwrap();
    result.sentiment_analysis_result = Some(cx::SentimentAnalysisResult {
        score: 0.5,
        magnitude: 2.0,
    });
    server.reply("DetectIntent", Reply::one(&told));
    server.reply("DetectIntent", Reply::one(&told));
    let mut session = open(&server).await;
    let reply = session.play(say("hi")).await.unwrap();
    assert!(reply.citations.seen().is_none());
    assert_eq!(
        serde_json::to_value(reply.sentiment.seen().unwrap()).unwrap(),
        json!({"score": 0.5, "magnitude": 2.0})
    );
    let with = With {
        data_store_signals: Some(true),
        ..With::default()
    };
    let reply = session
        .play(TurnRequest {
            with: with.into(),
            ..say("hi")
        })
        .await
        .unwrap();
    assert_eq!(reply.citations, Observed::Seen(Vec::new()));
    let asked: Vec<bool> = server
        .received()
        .iter()
        .map(|received| {
            let params = received.read::<cx::DetectIntentRequest>().query_params.unwrap();
            params.populate_data_store_connection_signals
        })
        .collect();
    assert_eq!(asked, [false, true]);
}
