//! Workbooks that come in (L55).

use frontdesk_tests::office::{Caller, Office};
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use serde_json::{Value, json};

use crate::import::{bring, faults, look};

const CLIENT: &str = "+79161234567";

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
