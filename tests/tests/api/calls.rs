//! Calls, live and past, and their recordings.

use frontdesk::engine::input::OperatorCommand;
use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::calls::{self, Call, Disposition};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_routing::ids::CallId;
use frontdesk_tests::office::Office;
use serde_json::json;

#[tokio::test]
async fn past_calls_are_read_by_cursor_newest_first() {
    let office = Office::open().await;
    let main = office.main().await;
    for n in 0..7 {
        office.call(n).ended("answered").save().await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = main.get(&format!("/calls?limit=3{cursor}")).await.expect(200);
        seen.extend(
            page.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|call| call["called"].as_str().unwrap().to_owned()),
        );
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn past_calls_are_filtered() {
    let office = Office::open().await;
    let main = office.main().await;
    office.call(0).ended("answered").save().await;
    office.call(1).ended("busy").save().await;
    office.call(2).inbound("+79011112233").ended("no_answer").save().await;
    office.call(3).ended("answered").recorded(b"RIFF").save().await;
    let staff = main.get("/me").await.text("/id").to_owned();
    let check = |query: String, expected: &'static [&'static str]| {
        let main = main.clone();
        async move {
            let page = main.get(&format!("/calls?{query}")).await.expect(200);
            let called: Vec<&str> = page.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|call| call["called"].as_str().unwrap())
                .collect();
            assert_eq!(called, expected, "{query}");
        }
    };
    check("status=answered".into(), &["3", "0"]).await;
    check("direction=inbound".into(), &["2"]).await;
    check("recorded=true".into(), &["3"]).await;
    check("number=%2B79011112233".into(), &["2"]).await;
    check("number=%2B7901*".into(), &["2"]).await;
    check(format!("staff_id={staff}"), &["3", "2", "1", "0"]).await;
    check("from=2026-11-18T11:06:42Z".into(), &["3", "2"]).await;
    check("from=2026-11-18T11:06:41Z&until=2026-11-18T11:06:42Z".into(), &["1"]).await;
    for wrong in [
        "status=nice",
        "direction=up",
        "from=yesterday",
        "staff_id=x",
        "cursor=x",
        "limit=0",
        "x=1",
        "recorded=maybe",
    ] {
        main.get(&format!("/calls?{wrong}")).await.expect(400);
    }
}

#[tokio::test]
async fn one_call_is_told_with_its_legs_and_recordings() {
    let office = Office::open().await;
    let main = office.main().await;
    let call = office.call(1).ended("answered").recorded(b"RIFFxxxx").save().await;
    let read = main.get(&format!("/calls/{call}")).await.expect(200);
    assert_eq!(read.text("/disposition"), "answered");
    assert_eq!(read.body["legs"].as_array().unwrap().len(), 2);
    assert_eq!(read.text("/recordings/0/state"), "ready");
    main.get("/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.expect(404);
}

#[tokio::test]
async fn b33_a_live_call_is_listed_and_can_be_hung_up() {
    let office = Office::open().await;
    let main = office.main().await;
    assert_eq!(main.get("/calls/live").await.expect(200).body["items"], json!([]));
    let call = office.call(1).live();
    let live = main.get("/calls/live").await.expect(200);
    assert_eq!(live.text("/items/0/id"), call.to_string());
    assert_eq!(live.text("/items/0/state"), "ringing");
    main.do_(&format!("/calls/{call}/hangup")).await.expect(202);
    assert_eq!(
        *office.heard.commands.lock().unwrap(),
        [OperatorCommand::HangUp { call }]
    );
    main.do_("/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV/hangup").await.expect(404);
    let audit = main.get("/audit?entity=call").await.expect(200);
    assert_eq!(audit.text("/items/0/entity_id"), call.to_string(), "B30");
}

#[tokio::test]
async fn another_accounts_calls_and_recordings_are_not_found() {
    let office = Office::open().await;
    let main = office.main().await;
    let theirs = office.call(1).of_another_account().await.live();
    assert_eq!(main.get("/calls/live").await.body["items"], json!([]));
    main.do_(&format!("/calls/{theirs}/hangup")).await.expect(404);
    let past = office
        .call(2)
        .of_another_account()
        .await
        .ended("answered")
        .recorded(b"RIFF")
        .save()
        .await;
    main.get(&format!("/calls/{past}")).await.expect(404);
    assert_eq!(main.get("/calls").await.body["items"], json!([]));
    assert_eq!(main.get("/recordings").await.body["items"], json!([]));
    let recording = office.recording_of(past);
    main.get(&format!("/recordings/{recording}")).await.expect(404);
    main.get(&format!("/recordings/{recording}/media")).await.expect(404);
    main.delete(&format!("/recordings/{recording}")).await.expect(404);
}

#[tokio::test]
async fn a_recording_is_played_whole_or_in_parts() {
    let office = Office::open().await;
    let main = office.main().await;
    let sound: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let call = office.call(1).ended("answered").recorded(&sound).save().await;
    let recording = office.recording_of(call);
    let path = format!("/recordings/{recording}/media");
    let whole = main.get(&path).await.expect(200);
    assert_eq!(whole.bytes, sound);
    assert_eq!(whole.header("content-type"), "audio/wav");
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(
        whole.header("content-disposition"),
        format!("inline; filename=\"{recording}.wav\"")
    );
    let check = |range: &'static str, status: u16, content_range: &'static str, bytes: std::ops::Range<usize>| {
        let (main, path, sound) = (main.clone().with("range", range), path.clone(), sound.clone());
        async move {
            let part = main.get(&path).await.expect(status);
            assert_eq!(part.header("content-range"), content_range, "{range}");
            if status != 416 {
                assert_eq!(part.bytes, sound[bytes], "{range}");
            }
        }
    };
    check("bytes=0-", 206, "bytes 0-999/1000", 0..1000).await;
    check("bytes=10-19", 206, "bytes 10-19/1000", 10..20).await;
    check("bytes=-5", 206, "bytes 995-999/1000", 995..1000).await;
    check("bytes=1000-", 416, "bytes */1000", 0..0).await;
    check("bytes=0-1,5-6", 200, "", 0..1000).await;
    let tag = whole.header("etag").to_owned();
    let known = main.clone().with("if-none-match", &tag).get(&path).await.expect(304);
    assert!(known.bytes.is_empty());
    let other = main
        .clone()
        .with("range", "bytes=0-9")
        .with("if-range", "\"other\"")
        .get(&path)
        .await
        .expect(200);
    assert_eq!(other.bytes.len(), 1000);
    let file = main.get(&format!("{path}?download=true")).await.expect(200);
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"{recording}.wav\"")
    );
}

#[tokio::test]
async fn each_play_is_an_audit_row_but_seeking_is_not_another() {
    let office = Office::open().await;
    let main = office.main().await;
    let call = office.call(1).ended("answered").recorded(&[0; 1000]).save().await;
    let path = format!("/recordings/{}/media", office.recording_of(call));
    for range in ["bytes=0-", "bytes=500-", "bytes=900-"] {
        main.clone().with("range", range).get(&path).await.expect(206);
    }
    let rows = |answer: frontdesk_tests::office::Answer| answer.body["items"].as_array().unwrap().len();
    assert_eq!(rows(main.get("/audit?action=recording.played").await.expect(200)), 1);
    office.clock.advance(15 * 60_000);
    main.clone().with("range", "bytes=500-").get(&path).await.expect(206);
    assert_eq!(
        rows(main.get("/audit?action=recording.played").await.expect(200)),
        2,
        "skipping the start hides nothing"
    );
}

#[tokio::test]
async fn a_deleted_recording_is_gone_from_the_disk_and_the_call_stays() {
    let office = Office::open().await;
    let main = office.main().await;
    let call = office.call(1).ended("answered").recorded(&[0; 100]).save().await;
    let recording = office.recording_of(call);
    let file = office.file_of(recording);
    assert!(file.exists());
    main.delete(&format!("/recordings/{recording}")).await.expect(204);
    assert!(!file.exists());
    main.get(&format!("/recordings/{recording}/media")).await.expect(410);
    assert_eq!(
        main.get(&format!("/calls/{call}")).await.text("/recordings/0/state"),
        "deleted"
    );
    main.delete(&format!("/recordings/{recording}")).await.expect(410);
    assert_eq!(
        main.get("/audit?action=recording.deleted").await.body["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_recording_still_being_made_is_not_played() {
    let office = Office::open().await;
    let main = office.main().await;
    let call = office.call(1).recording_now().save().await;
    let answer = main
        .get(&format!("/recordings/{}/media", office.recording_of(call)))
        .await
        .expect(409);
    assert_eq!(answer.text("/code"), "not_ready");
}

#[tokio::test]
async fn k8_past_calls_still_name_who_was_deleted() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(&main, json!({ "surname": "Соколова", "given_name": "Анна" }))
        .await;
    let call = office.call(1).to(&anna).ended("answered").save().await;
    main.delete(&format!("/staff/{}", anna["id"].as_str().unwrap()))
        .await
        .expect(204);
    let read = main.get(&format!("/calls/{call}")).await.expect(200);
    assert_eq!(
        (read.text("/callee/name"), &read.body["callee"]["staff_id"]),
        ("Соколова Анна", &anna["id"])
    );
}

#[tokio::test]
async fn a_page_that_has_looked_at_many_calls_in_vain_says_so_and_leads_on() {
    let office = Office::open().await;
    let main = office.main().await;
    let first = office.call(0).ended("busy").save().await;
    let busy = calls::get(&office.db, Scope::whole(office.first.account), first)
        .await
        .unwrap();
    let answered = |n: i64| {
        let started_at = busy.started_at + n;
        let call = Call {
            id: CallId::new(started_at, 1),
            started_at,
            disposition: Some(Disposition::Answered),
            ..busy.clone()
        };
        Entry::CallEnded {
            call: Box::new(call),
            legs: Vec::new(),
        }
    };
    let entries: Vec<Entry> = (1..=10_050).map(answered).collect();
    for batch in entries.chunks(1_500) {
        journal::apply(&office.db, batch).await.unwrap();
    }
    let page = async |path: &str, language: &str| {
        let reader = main.clone().with("accept-language", language);
        let page = reader.get(&format!("//{}", path.trim_start_matches('/'))).await;
        String::from_utf8(page.expect(200).bytes).unwrap()
    };
    let looked = page("/calls?status=busy", "en").await;
    assert!(looked.contains("Nothing found so far. Looked through up to:") && !looked.contains("No calls found"));
    let russian = page("/calls?status=busy", "ru").await;
    assert!(russian.contains("Пока ничего не нашлось. Просмотрено до:") && !russian.contains("Звонки не найдены"));
    let (_, rest) = looked.split_once("Looked through up to:").unwrap();
    let (_, rest) = rest.split_once("href=\"").unwrap();
    let next = rest
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&")
        .replace("&#38;", "&");
    let found = page(&next, "en").await;
    assert!(found.contains(&first.to_string()) && !found.contains("Nothing found so far"));
    let none = page(&next.replace("busy", "failed"), "en").await;
    assert!(none.contains("No calls found"), "that was all");
}
