//! Workbooks and business cards (L55, L56): what comes in, what goes out, and that what went out comes in again.

use std::io::{Cursor, Read};

use frontdesk_crm_core::import;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::office::{Answer, Caller, Office};
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::import::{bring, faults, look};

const CLIENT: &str = "+79161234567";
const STUB: &str = "+78123893298";

fn workbook(write: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    write(book.add_worksheet());
    book.add_worksheet()
        .set_name("Архив")
        .unwrap()
        .write(0, 0, "name")
        .unwrap();
    book.save_to_buffer().unwrap()
}

/// The parts of a workbook, each with its name.
fn parts(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = Vec::new();
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        parts.push((part.name().unwrap().into_owned(), String::from_utf8(bytes).unwrap()));
    }
    parts
}

/// The rows of a file, its header first.
fn rows(answer: &Answer) -> Vec<Vec<String>> {
    let table = import::read(&answer.bytes, None).unwrap();
    let rows = table.rows.into_iter().map(|row| row.cells);
    [table.header].into_iter().chain(rows).collect()
}

async fn add(main: &Caller, clients: &[Value]) {
    for client in clients {
        main.post("/clients", client.clone()).await.expect(201);
    }
}

/// All clients without what every office gives by itself.
async fn known(caller: &Caller) -> Vec<Value> {
    let list = caller.get("/clients?order=number").await.expect(200);
    let mut clients = list.body["items"].as_array().unwrap().clone();
    for client in &mut clients {
        let client = client.as_object_mut().unwrap();
        client.retain(|name, _| {
            ["name", "number", "other_numbers", "company", "position", "vip"].contains(&name.as_str())
        });
    }
    clients
}

#[tokio::test]
async fn l55_a_workbook_comes_in_with_its_numbers_dates_and_formulas() {
    let office = Office::open().await;
    let main = office.main().await;
    let file = workbook(|sheet| {
        for (column, name) in (0..).zip(["ФИО", "Телефон", "Доп. телефон", "Должность", "VIP"])
        {
            sheet.write(2, column, name).unwrap();
        }
        let date = Format::new().set_num_format("dd.mm.yyyy");
        sheet.write(3, 0, "Ёлкин Пётр").unwrap();
        sheet.write(3, 1, 79_161_234_567_i64).unwrap();
        sheet.write(3, 2, 8.916_123_456_0e10).unwrap();
        sheet.write_with_format(3, 3, 45_943, &date).unwrap();
        sheet.write(3, 4, true).unwrap();
        sheet.write_blank(5, 0, &date).unwrap();
        let name = Formula::new("=\"Орлова \"&\"Анна\"").set_result("Орлова Анна");
        sheet.write(9, 0, name).unwrap();
        sheet
            .write(9, 1, Formula::new("=79161234560+8").set_result("79161234568"))
            .unwrap();
    });
    let preview = look(&main, "", &file).await.expect(200);
    assert_eq!(faults(&preview), Vec::<String>::new());
    assert_eq!(preview.body["format"], "xlsx");
    assert_eq!(
        (&preview.body["sheet"], &preview.body["rows"]),
        (&json!("Sheet1"), &json!(2))
    );
    assert_eq!(preview.body["sheets"], json!(["Sheet1", "Архив"]));
    let job = bring(&office, &main, "file_name=clients.xlsx", &file).await;
    assert_eq!((&job["format"], &job["created"]), (&json!("xlsx"), &json!(2)));
    let expected = json!([
        { "name": "Ёлкин Пётр", "number": CLIENT, "other_numbers": ["+79161234560"], "company": null,
          "position": "2025-10-13", "vip": true },
        { "name": "Орлова Анна", "number": "+79161234568", "other_numbers": [], "company": null, "position": null,
          "vip": false },
    ]);
    assert_eq!(json!(known(&main).await), expected);
}

#[tokio::test]
async fn l55_faults_of_a_workbook_are_named_by_its_own_rows() {
    let office = Office::open().await;
    let main = office.main().await;
    let file = workbook(|sheet| {
        sheet
            .write(1, 0, "name")
            .unwrap()
            .write(1, 1, "number")
            .unwrap()
            .write(1, 2, "Остаток")
            .unwrap();
        sheet.write(4, 0, "A").unwrap().write(4, 1, 12).unwrap();
        sheet.write(4, 2, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        sheet.write(7, 0, "B").unwrap();
        sheet
            .write(7, 1, Formula::new("=VLOOKUP(1,A1,1)").set_result("#N/A"))
            .unwrap();
        sheet.write(8, 3, "beyond").unwrap();
    });
    let preview = look(&main, "", &file).await.expect(200);
    assert_eq!(
        faults(&preview),
        [
            "5 number invalid",
            "8 number formula",
            "8 number invalid",
            "9 - columns"
        ]
    );
    look(&main, "sheet=%D0%90%D1%80%D1%85%D0%B8%D0%B2", &file)
        .await
        .expect(422);
    assert_eq!(
        look(&main, "sheet=none", &file).await.expect(422).faults(),
        ["file sheet"]
    );
    let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old workbook";
    assert_eq!(look(&main, "", old).await.expect(422).faults(), ["file old_workbook"]);
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let locked = [old.as_slice(), &name].concat();
    assert_eq!(look(&main, "", &locked).await.expect(422).faults(), ["file encrypted"]);
    let text = String::from_utf8_lossy(&look(&main, "", &file[..file.len() / 2]).await.expect(422).bytes).into_owned();
    assert!(text.contains("save it again as XLSX"), "{text}");
}

#[tokio::test]
async fn l55_l56_what_is_taken_home_comes_in_again() {
    let office = Office::open().await;
    let main = office.main().await;
    add(
        &main,
        &[
            json!({ "name": "Ёлкин; Пётр, мл.", "number": CLIENT, "other_numbers": ["+79161234560", "+442071838750"],
                    "company": "ООО \"Завод; филиал\", цех №1 и все остальные цеха нашего большого предприятия",
                    "position": "Директор\\зам", "vip": true }),
            json!({ "name": "=HYPERLINK(\"http://x\")", "number": "+79161234568", "company": "@SUM(A1)", "position": "-" }),
            json!({ "name": "+cmd|' /C calc'!A0", "number": "+79161234569" }),
        ],
    )
    .await;
    let before = known(&main).await;
    assert_eq!(before.len(), 3);
    for (format, kind, ending) in [
        ("csv", "text/csv", "csv"),
        ("xlsx", "application/vnd.openxmlformats", "xlsx"),
        ("vcard", "text/vcard", "vcf"),
    ] {
        let file = main.get(&format!("/clients/export?format={format}")).await.expect(200);
        assert!(file.header("content-type").starts_with(kind), "{format}");
        let attachment = format!("attachment; filename=\"clients.{ending}\"");
        assert_eq!(file.header("content-disposition"), attachment);
        let other = Office::open().await;
        let theirs = other.main().await;
        let job = bring(&other, &theirs, "", &file.bytes).await;
        assert_eq!((&job["format"], &job["created"]), (&json!(format), &json!(3)), "{job}");
        assert_eq!(known(&theirs).await, before, "{format}");
    }
    main.get("/clients/export?format=pdf").await.expect(400);
    main.get("/calls/export?format=vcard").await.expect(400);
}

#[tokio::test]
async fn l56_a_workbook_is_whole_holds_texts_only_and_no_formula() {
    let office = Office::open().await;
    let main = office.main().await;
    let clients: Vec<Value> = (0..=500)
        .map(|at| json!({ "name": format!("=client {at:03}"), "number": format!("+7916000{at:04}") }))
        .collect();
    add(&main, &clients).await;
    let file = main.get("/clients/export?order=name&format=xlsx").await.expect(200);
    let rows = rows(&file);
    assert_eq!(rows[0][..3], ["name", "number", "other_numbers"]);
    assert_eq!(rows.len(), 502);
    for (at, row) in rows[1..].iter().enumerate() {
        assert_eq!(row[..2], [format!("=client {at:03}"), format!("+7916000{at:04}")]);
    }
    for (name, text) in parts(&file.bytes) {
        assert!(!text.contains("<f>") && !text.contains("<f "), "{name} holds a formula");
        let is_sheet = name.starts_with("xl/worksheets/");
        assert!(
            !is_sheet || !text.contains("<v>"),
            "a telephone number is a number in {name}"
        );
    }
    office
        .call(1)
        .inbound(CLIENT)
        .named("=1+1")
        .ended("answered")
        .save()
        .await;
    let calls = main.get("/calls/export?format=xlsx").await.expect(200);
    let table = import::read(&calls.bytes, None).unwrap();
    let place = table.header.iter().position(|name| name == "waited_ms").unwrap();
    assert!(table.rows[0].cells[place].parse::<u32>().is_ok(), "{:?}", table.rows[0]);
}

#[tokio::test]
async fn l43_l56_no_part_of_a_workbook_and_no_card_holds_hidden_digits() {
    let office = Office::open().await;
    let main = office.main().await;
    let company = "Завод, 8 (916) 123-45-67";
    let client =
        json!({ "name": "Иванов Пётр", "number": CLIENT, "other_numbers": ["+79161234500"], "company": company });
    add(&main, &[client]).await;
    let call = office.call(1).inbound(CLIENT).named("Иванов Пётр").ended("answered");
    call.save().await;
    let hidden = json!({ "given_name": "Masked", "login": "masked", "password": "correct horse", "role": "admin",
                         "hide_client_number": true });
    let (masked, id) = office.log_in_new(&main, hidden).await;
    for list in ["clients", "calls"] {
        let path = format!("/{list}/export?format=xlsx");
        let file = masked.get(&path).await.expect(200);
        let mut shown = format!("{:?}", file.headers);
        for (name, text) in parts(&file.bytes) {
            for number in [CLIENT, "+79161234500"] {
                assert_eq!(found_in(&text, number), None, "{list}: {name}");
            }
            shown.push_str(&text);
        }
        assert!(shown.contains(STUB) && shown.contains("Иванов"), "{shown}");
        let file = main.get(&path).await.expect(200);
        assert!(
            parts(&file.bytes)
                .iter()
                .any(|(_, text)| found_in(text, CLIENT).is_some())
        );
    }
    let cards = masked.get("/clients/export?format=vcard").await.expect(200);
    let cards = format!("{:?}{}", cards.headers, String::from_utf8_lossy(&cards.bytes)).replace("\r\n ", "");
    assert_eq!(found_in(&cards, CLIENT), None, "{cards}");
    assert_eq!(found_in(&cards, "+79161234500"), None, "{cards}");
    assert!(cards.contains("FN:Иванов Пётр"), "{cards}");
    let audit = main.get(&format!("/audit?actor_staff_id={id}")).await.expect(200);
    let rows = audit.body["items"].as_array().unwrap();
    let taken = |action: &str| rows.iter().filter(|row| row["action"] == action).count();
    assert_eq!((taken("clients.exported"), taken("calls.exported")), (2, 1));
}
