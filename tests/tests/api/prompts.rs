//! Sounds of the company's own, through the API.

use frontdesk::engine::input::{OperatorCommand, Phrase};
use frontdesk_media::sound::{self, Sound};
use frontdesk_tests::office::{Answer, Caller, Office};
use reqwest::Method;

/// A second of a tone, as a file of this rate.
fn tone(rate: u32) -> Vec<u8> {
    let samples = sound::tone(425, 1_000).samples;
    let per = usize::try_from(rate / 8_000).unwrap();
    let samples = samples.iter().flat_map(|one| vec![*one; per]).collect();
    Sound { rate, samples }.to_wav()
}

async fn post(caller: &Caller, query: &str, file: Vec<u8>) -> Answer {
    caller
        .raw(Method::POST, &format!("/prompts?{query}"), "audio/wav", file)
        .await
}

/// What the engine has been told last: the phrase that is replaced, and how long the sound lasts.
fn told(office: &Office) -> Option<(Option<Phrase>, Option<u64>)> {
    let commands = office.heard.commands.lock().unwrap();
    commands.iter().rev().find_map(|command| match command {
        OperatorCommand::Prompt { replaces, sound, .. } => {
            Some((*replaces, sound.as_ref().map(|sound| sound.duration_ms())))
        }
        _ => None,
    })
}

#[tokio::test]
async fn a_prompt_is_uploaded_listed_played_back_and_deleted() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = post(&main, "name=Приветствие", tone(48_000)).await.expect(201);
    let path = format!("/prompts/{}", made.text("/id"));
    assert_eq!(
        (made.text("/name"), &made.body["duration_ms"]),
        ("Приветствие", &1_000.into())
    );
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    assert_eq!(told(&office), Some((None, Some(1_000))));
    let other = post(&main, "name=Record&replaces=recorded", tone(8_000))
        .await
        .expect(201);
    assert_eq!(told(&office), Some((Some(Phrase::Recorded), Some(1_000))));
    for name in frontdesk_crm_core::prompts::REPLACEABLE {
        assert!(Phrase::named(name).is_some(), "{name}");
    }
    let all = main.get("/prompts").await.expect(200);
    assert_eq!(
        (all.text("/items/0/name"), all.text("/items/1/replaces")),
        ("Record", "")
    );
    let media = main.get(&format!("{path}/media")).await.expect(200);
    assert_eq!(media.header("content-type"), "audio/wav");
    let heard = Sound::from_wav(&media.bytes).unwrap();
    assert_eq!((heard.rate, heard.duration_ms()), (8_000, 1_000));
    assert_eq!(main.get(&path).await.expect(200).body, made.body);
    main.delete(&path).await.expect(204);
    assert_eq!(told(&office), Some((None, None)));
    main.get(&path).await.expect(404);
    main.get(&format!("{path}/media")).await.expect(404);
    main.delete(&path).await.expect(404);
    main.delete(&format!("/prompts/{}", other.text("/id")))
        .await
        .expect(204);
    for action in ["prompt.created", "prompt.deleted"] {
        let audit = main.get(&format!("/audit?action={action}")).await.expect(200);
        assert_eq!(audit.body["items"].as_array().unwrap().len(), 2, "{action}");
    }
}

#[tokio::test]
async fn a_prompt_that_cannot_be_taken_is_refused_with_the_field() {
    let office = Office::open().await;
    let main = office.main().await;
    let check = async |query: &str, file: Vec<u8>, status: u16, fault: &str| {
        let answer = post(&main, query, file).await.expect(status);
        assert_eq!(answer.faults(), [fault], "{query}");
    };
    check("", tone(8_000), 422, "name required").await;
    check("name=A&replaces=all", tone(8_000), 422, "replaces unknown").await;
    check("name=A", b"ID3".to_vec(), 422, "body invalid").await;
    let long = Sound::silence(300_000).to_wav();
    check("name=A", long, 422, "body too_long").await;
    let long = Sound::silence(3_001).to_wav();
    check("name=7&replaces=digit_7", long, 422, "replaces too_long").await;
    check("name=10&replaces=digit_10", tone(8_000), 422, "replaces unknown").await;
    post(&main, "name=A&replaces=recorded", tone(8_000)).await.expect(201);
    check("name=B&replaces=recorded", tone(8_000), 409, "replaces taken").await;
    main.raw(Method::POST, "/prompts?name=A", "audio/mpeg", tone(8_000))
        .await
        .expect(415);
    post(&main, "name=A", vec![0; 20 * 1024 * 1024 + 1]).await.expect(413);
    assert_eq!(main.get("/prompts").await.expect(200).body["total"], 1);
}
