//! Clients from a file on the page, in a real browser.

use frontdesk_tests::pages::{Desk, looks};
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

#[tokio::test]
async fn the_page_of_imports_is_sound_in_both_languages_light_and_dark_small_and_large() {
    let Some(desk) = Desk::furnished().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("клиенты из старой системы.csv");
    let text = "ФИО;Телефон;Компания;Очень длинное название столбца из старой системы\n\
        Иванов Пётр;12;ООО Ромашка;да\nПетрова Анна;+79161234568;ИП Петрова;нет\n";
    std::fs::write(&file, text).unwrap();
    for look in looks() {
        desk.browser.look(&look).await.unwrap();
        desk.visit("/import").await;
        desk.browser.attach("#import-file", &file).await.unwrap();
        desk.browser.press("#import-look").await;
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
