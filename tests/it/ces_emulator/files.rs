//! Files that the user hands over, and what an agent says it knows from elsewhere.

use turnproof::proto::ces_v1::citations::CitedChunk;

use super::*;

fn image(mime_type: &str, data: &[u8]) -> ces::SessionInput {
    input(InputType::Image(ces::Image {
        mime_type: mime_type.to_owned(),
        data: data.to_vec(),
    }))
}

fn blob(mime_type: &str, data: &[u8]) -> ces::SessionInput {
    input(InputType::Blob(ces::Blob {
        mime_type: mime_type.to_owned(),
        data: data.to_vec(),
    }))
}

#[tokio::test]
async fn rules_look_at_the_type_and_the_content_of_files() {
    let mut served = served().await;
    for (file, said) in [
        (image("image/png", b"a dent"), "That image/png shows a dent."),
        (image("image/webp", b"anything"), "That image/webp shows a dent."),
        (image("image/png", b"anything"), "A picture."),
        (blob("text/plain", b"a dent"), "I heard text/plain."),
    ] {
        assert_eq!(texts(&served.run(vec![file]).await), [said]);
    }
    let outputs = served.run(vec![image("image/jpeg", b"a dent")]).await;
    let told = diagnostics(&outputs).messages;
    let shown = ces::Image {
        mime_type: "image/jpeg".to_owned(),
        data: Vec::new(),
    };
    assert_eq!(told[0].chunks[0].data, Some(Data::Image(shown)));
    assert_eq!(told[0].role, "user");
}

#[tokio::test]
async fn what_is_said_of_a_file_comes_after_it() {
    let mut served = served().await;
    let outputs = served.run(vec![image("image/png", b"x"), text("hm")]).await;
    assert_eq!(texts(&outputs), ["A picture.", "I heard hm."]);
    // Without a rule about it, only the words matter.
    let outputs = served.run(vec![blob("text/plain", b"x"), text("hm")]).await;
    assert_eq!(texts(&outputs), ["I heard hm."]);
}

#[tokio::test]
async fn files_that_make_no_sense_are_refused() {
    let mut served = served().await;
    let config = served.config();
    for (file, message) in [
        (
            image("image/gif", b"x"),
            "`image/gif` is none of image/png, image/jpeg, image/webp",
        ),
        (image("image/png", b""), "no data"),
        (blob("", b"x"), "no mime_type"),
    ] {
        let (code, told) = served.refused(config.clone(), vec![file]).await;
        assert_eq!(code, Code::InvalidArgument);
        assert!(told.contains(message), "{told}");
    }
}

#[tokio::test]
async fn sources_and_searches_are_outputs() {
    let mut served = served().await;
    served.run(vec![blob("application/pdf", b"x")]).await;
    let outputs = served.say("where is that from?").await;
    let cited = CitedChunk {
        uri: "https://help/from paper".to_owned(),
        title: "Help".to_owned(),
        text: "Ask us.".to_owned(),
        requires_attribution: true,
    };
    let search = |query: &str, uri: &str| ces::WebSearchQuery {
        query: query.to_owned(),
        uri: uri.to_owned(),
    };
    let contents: Vec<_> = outputs
        .iter()
        .filter_map(|output| output.output_type.clone())
        .collect();
    assert_eq!(
        contents,
        [
            OutputType::Text("From our help.".to_owned()),
            OutputType::Citations(ces::Citations {
                cited_chunks: vec![cited]
            }),
            OutputType::GoogleSearchSuggestions(ces::GoogleSearchSuggestions {
                htmls: Vec::new(),
                web_search_queries: vec![
                    search("order from paper", "https://search/"),
                    search("parcels", "")
                ],
            }),
        ]
    );
}
