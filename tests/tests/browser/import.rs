//! Clients from a file on the page, in a real browser.

use std::path::Path;

use frontdesk_tests::pages::{Desk, looks};
use rust_xlsxwriter::Workbook;
use serde_json::json;

/// L55: each faulty row is named, columns are chosen, and all of the file comes in.
#[tokio::test]
async fn l55_a_file_is_looked_at_its_columns_are_named_and_it_is_brought_in() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, main, .. } = &desk;
    let folder = tempfile::tempdir().unwrap();
    let (bad, good) = (folder.path().join("bad.csv"), folder.path().join("clients.csv"));
    std::fs::write(
        &bad,
        "ФИО;Телефон;Заметка\nИванов Пётр;12;x\nПетрова Анна;+79161234568;y\n",
    )
    .unwrap();
    std::fs::write(
        &good,
        "ФИО;Связь\nИванов Пётр;+79161234567\nПетрова Анна;8 (916) 123-45-68\n",
    )
    .unwrap();
    desk.visit("/import").await;
    browser
        .see("[data-part=jobs]", "No file has been brought in")
        .await
        .unwrap();
    browser.press("#import-look").await;
    browser
        .see("#import-form [data-error=file]", "Choose a file")
        .await
        .unwrap();
    browser.attach("#import-file", &bad).await.unwrap();
    browser.press("#import-look").await;
    browser.see("#fault-table", "Row 2").await.unwrap();
    browser.see("#fault-table", "Телефон").await.unwrap();
    browser.see("#column-table", "Заметка").await.unwrap();
    browser
        .until("document.getElementById('import-bring').disabled")
        .await
        .unwrap();
    browser.attach("#import-file", &good).await.unwrap();
    browser.press("#import-look").await;
    browser.see("#fault-table", "number").await.unwrap();
    browser
        .choose("#column-table select[aria-label=Связь]", "Telephone")
        .await;
    browser.see("[data-verdict]", "No faults").await.unwrap();
    browser.press("#import-bring").await;
    browser.see("#job-table", "clients.csv").await.unwrap();
    browser.see("#job-table", "2 new").await.unwrap();
    browser.see("#job-table", "Done").await.unwrap();
    let listed = main.get("/clients?search=петрова").await.expect(200).body;
    assert_eq!(listed["items"][0]["number"], "+79161234568");
    browser.quiet().await;
}

/// L55: of a long file all faults are shown by and by; staff who are known are left as they are or changed.
#[tokio::test]
async fn l55_all_faults_are_shown_by_and_by_and_known_staff_are_changed() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, main, .. } = &desk;
    let folder = tempfile::tempdir().unwrap();
    let (bad, good) = (folder.path().join("bad.csv"), folder.path().join("staff.csv"));
    let rows: String = (0..450).map(|row| format!("Client {row},no {row}\n")).collect();
    std::fs::write(&bad, format!("name,number\n{rows}")).unwrap();
    std::fs::write(&good, "surname,short_number\nIvanov,105\nPetrov,106\n").unwrap();
    let ivan = json!({ "given_name": "Ivan", "short_number": "105" });
    main.post("/staff", ivan).await.expect(201);
    desk.visit("/import").await;
    browser.attach("#import-file", &bad).await.unwrap();
    browser.press("#import-look").await;
    browser.see("[data-shown]", "200 of 450").await.unwrap();
    browser.press("#faults-more").await;
    browser.see("[data-shown]", "400 of 450").await.unwrap();
    browser.press("#faults-more").await;
    browser.see("[data-shown]", "450 of 450").await.unwrap();
    browser.see("#fault-table", "Row 451").await.unwrap();
    let over = "document.querySelector('[data-more]').hidden";
    browser.until(over).await.unwrap();
    browser.choose("#import-kind", "Staff").await;
    browser.see("#import-form", "Staff whose short number").await.unwrap();
    browser
        .choose("#import-duplicates", "are changed as the file says")
        .await;
    browser.attach("#import-file", &good).await.unwrap();
    browser.press("#import-look").await;
    browser.see("[data-summary]", "1 new · 1 changed").await.unwrap();
    browser.press("#import-bring").await;
    browser.see("#job-table", "1 new · 1 changed").await.unwrap();
    let found = main.get("/staff?search=105").await.expect(200).body;
    assert_eq!(found["items"][0]["name"], "Ivanov Ivan");
    browser.quiet().await;
}

/// A workbook of two sheets; the second has these rows.
fn workbook(path: &Path, rows: &[&[&str]]) {
    let mut book = Workbook::new();
    let summary = book.add_worksheet().set_name("Сводка").unwrap();
    summary.write(0, 0, "Итого").unwrap().write(1, 0, 2).unwrap();
    let sheet = book.add_worksheet().set_name("Клиенты").unwrap();
    for (row, cells) in (0..).zip(rows) {
        for (column, text) in (0..).zip(*cells) {
            match text.parse::<f64>() {
                Ok(number) => sheet.write(row, column, number).unwrap(),
                Err(_) => sheet.write(row, column, *text).unwrap(),
            };
        }
    }
    book.save(path).unwrap();
}

/// L55: of a workbook one sheet comes in, and its telephone numbers are numbers of its cells.
#[tokio::test]
async fn l55_a_sheet_of_a_workbook_is_chosen_and_brought_in() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, main, .. } = &desk;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("book.xlsx");
    workbook(&file, &[&["ФИО", "Телефон"], &["Орлова Анна", "79161234567"]]);
    desk.visit("/import").await;
    browser.attach("#import-file", &file).await.unwrap();
    browser.press("#import-look").await;
    browser.see("#column-table", "Итого").await.unwrap();
    browser.choose("#import-sheet", "Клиенты").await;
    browser.see("[data-verdict]", "No faults").await.unwrap();
    browser.press("#import-bring").await;
    browser.see("#job-table", "book.xlsx").await.unwrap();
    browser.see("#job-table", "1 new").await.unwrap();
    let listed = main.get("/clients?search=орлова").await.expect(200).body;
    assert_eq!(listed["items"][0]["number"], "+79161234567");
    desk.visit("/clients").await;
    browser.see("[data-part=clients]", "vCard").await.unwrap();
    let link = "document.querySelector('a[href=\"/api/v1/clients/export?order=name&format=xlsx\"][download]') !== null";
    browser.until(link).await.unwrap();
    desk.visit("/calls").await;
    let link = "document.querySelector('a[href=\"/api/v1/calls/export?format=xlsx\"][download]') !== null";
    browser.until(link).await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn the_page_of_imports_is_sound_in_both_languages_light_and_dark_small_and_large() {
    let Some(desk) = Desk::furnished().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("клиенты из старой системы.xlsx");
    let rows: [&[&str]; 3] = [
        &[
            "ФИО",
            "Телефон",
            "Компания",
            "Очень длинное название столбца из старой системы",
        ],
        &["Иванов Пётр", "12", "ООО Ромашка", "да"],
        &["Петрова Анна", "79161234568", "ИП Петрова", "нет"],
    ];
    workbook(&file, &rows);
    for look in looks() {
        desk.browser.look(&look).await.unwrap();
        desk.visit("/import").await;
        desk.browser.attach("#import-file", &file).await.unwrap();
        desk.browser.press("#import-look").await;
        desk.browser.see("#column-table", "Итого").await.unwrap();
        desk.browser.choose("#import-sheet", "Клиенты").await;
        desk.browser.see("#fault-table", "Телефон").await.unwrap();
        let why = if look.language.starts_with("ru") {
            "Нужен номер"
        } else {
            "not a telephone number"
        };
        desk.browser.see("#fault-table", why).await.unwrap();
        desk.browser.check(&look, "import").await;
    }
    assert_eq!(desk.main.get("/imports").await.expect(200).body["items"], json!([]));
}
