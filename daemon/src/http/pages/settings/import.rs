//! Clients and staff from files: a file is looked at, its columns are named, and it is brought in.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::import::{self, Job, Kind, State as Stage};
use frontdesk_crm_core::store::Page;
use serde_json::{Map, Value, json};

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, Reader, reader, render};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::live::view::time;

/// Files that the page names, the last ones.
const SHOWN: u32 = 100;

words! {
    /// The page of imports.
    ImportWords {
        lead: "A file is looked at first, and each faulty row is named. All of its rows come in, or none.",
            "Сначала файл проверяется: каждая ошибочная строка будет названа. Загружаются либо все строки, либо ни одной.";
        kind: "What is in the file", "Что в файле";
        clients: "Clients", "Клиенты";
        staff: "Staff", "Сотрудники";
        file: "File", "Файл";
        file_hint: "Excel (.xlsx) or CSV with a line of headings; for clients vCard (.vcf) too. 32 MB and 250,000 rows at most.",
            "Excel (.xlsx) или CSV со строкой заголовков; для клиентов также vCard (.vcf). Не больше 32 МБ и 250 000 строк.";
        sheet: "Sheet", "Лист";
        known: "Clients whose number is known already", "Клиенты, чей номер уже есть";
        known_staff: "Staff whose short number or SIP user is known already", "Сотрудники, чей короткий номер или пользователь SIP уже есть";
        refuse: "are faults", "считать ошибкой";
        skip: "stay as they are", "не трогать";
        update: "are changed as the file says", "обновить по файлу";
        look: "Look at the file", "Проверить файл";
        found: "In the file", "В файле";
        rows: "Rows", "Строк";
        known_rows: "known already", "уже есть";
        fault_rows: "faults", "ошибок";
        columns: "Columns", "Столбцы";
        column: "Column", "Столбец";
        becomes: "Becomes", "Поле";
        stays_out: "Stays out", "Не загружать";
        sample: "First rows", "Первые строки";
        faults: "Faults", "Ошибки";
        row: "Row", "Строка";
        fault: "What is wrong", "Что не так";
        faults_shown: "Shown", "Показано";
        of: "of", "из";
        more_faults: "Show more", "Показать ещё";
        bring: "Bring it in", "Загрузить";
        none_wrong: "No faults: it can be brought in.", "Ошибок нет: можно загружать.";
        wrong: "Correct the file, or choose other fields, and look again.", "Исправьте файл или выберите другие поля и проверьте снова.";
        progress: "Rows brought in", "Загружено строк";
        earlier: "Earlier files", "Загруженные файлы";
        none: "No file has been brought in yet.", "Файлов пока не загружали.";
        who: "By", "Кто";
        created: "new", "новых";
        updated: "changed", "обновлено";
        skipped: "left as they were", "без изменений";
        running: "Running", "Загружается";
        done: "Done", "Готово";
        failed: "Failed: nothing came in", "Не удалось: ничего не загружено";
        interrupted: "Interrupted: nothing came in", "Прервано: ничего не загружено";
        error_file: "Choose a file", "Выберите файл";
        error_large: "The file is too large: 32 MB at most, and 256 MB when it is unpacked",
            "Файл слишком большой: не больше 32 МБ, а в распакованном виде — не больше 256 МБ";
        error_busy: "Another file is being brought in: wait for its end", "Уже загружается другой файл: дождитесь окончания";
        error_workbook: "The workbook cannot be read: save it again as XLSX", "Книга не читается: сохраните её ещё раз в формате XLSX";
        error_old_workbook: "A workbook of an old kind (.xls): open it and save it as XLSX", "Книга старого формата (.xls): откройте её и сохраните как XLSX";
        error_encrypted: "A password protects the workbook: save it without one", "Книга защищена паролем: сохраните её без пароля";
        error_sheet: "The workbook has no such sheet", "В книге нет такого листа";
        error_formula: "The formula in this cell has no value: open the workbook and save it", "У формулы в ячейке нет значения: откройте книгу и сохраните её";
        error_encoding: "Neither UTF-8 nor windows-1251: save the file as “CSV UTF-8”", "Не UTF-8 и не windows-1251: сохраните файл как «CSV UTF-8»";
        error_no_header: "The first line must name the columns", "В первой строке должны быть названия столбцов";
        error_empty: "There is nobody in the file", "В файле никого нет";
        error_columns: "The row has more or fewer values than there are columns", "Значений в строке больше или меньше, чем столбцов";
        error_no_column: "No column is this field", "Нет столбца для этого поля";
        error_twice: "Stands in the file twice", "Повторяется в файле";
        error_taken: "Is there already", "Уже есть";
        error_ambiguous: "Means several: use the id", "Подходит нескольким: укажите идентификатор";
        error_circle: "Would be above themselves in the end", "Сотрудник оказался бы над самим собой";
        error_supervisor: "Nobody has this short number or login", "Нет сотрудника с таким коротким номером или логином";
        error_unreadable: "Cannot be read", "Не читается";
        error_too_many: "Too many", "Слишком много";
        error_version: "vCard 3.0 and 4.0 are taken", "Подходит vCard 3.0 и 4.0";
        name: "Full name", "ФИО";
        surname: "Surname", "Фамилия";
        given_name: "Given name", "Имя";
        patronymic: "Patronymic", "Отчество";
        number: "Telephone", "Телефон";
        other_numbers: "Other telephones", "Другие телефоны";
        company: "Company", "Компания";
        position: "Position", "Должность";
        work_place: "Works (office, remote)", "Работает (office, remote)";
        supervisor: "Supervisor (short number or login)", "Руководитель (короткий номер или логин)";
        vip: "VIP", "VIP";
        manager: "Manager", "Менеджер";
        email: "E-mail", "Почта";
        short_number: "Short number", "Короткий номер";
        sip_user: "SIP user", "Пользователь SIP";
        sip_password: "SIP password", "Пароль SIP";
    }
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    frame: Frame,
    w: &'static ImportWords,
    /// What the reader may bring in: names of the API and what they are called.
    kinds: Vec<(&'static str, &'static str)>,
    jobs: Vec<Row>,
    may_update: bool,
}

struct Row {
    id: String,
    at: String,
    when: String,
    file: String,
    kind: &'static str,
    author: String,
    dot: &'static str,
    state: &'static str,
    /// Counts, or why nothing came in.
    result: String,
    pending: bool,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::DataImport)?;
    let w = in_language_of!(reader.t, ImportWords);
    let last = Page {
        limit: SHOWN,
        ..Page::default()
    };
    let jobs = import::list(&state.db, reader.access.account, &last).await;
    let jobs = jobs.map_err(|error| reader.failed(error.into()))?;
    let plan = state.live.plan();
    let viewer = reader.access.viewer(&plan);
    let jobs = jobs.items.into_iter().map(|job| job.seen_by(viewer));
    let writes = reader.access.within_or_own(Right::ClientsWrite);
    let kinds = [
        (Kind::Clients, w.clients, Right::ClientsWrite),
        (Kind::Staff, w.staff, Right::StaffWrite),
    ];
    let kinds = kinds.into_iter().filter(|(.., right)| reader.access.may(*right));
    let page = ImportPage {
        kinds: kinds.map(|(kind, text, _)| (kind.name(), text)).collect(),
        jobs: jobs.map(|job| row(job, &reader, w)).collect(),
        may_update: writes.is_whole(),
        frame: reader.settings("/import", "import.js", said(w)),
        w,
    };
    Ok(render(reader.t, &page))
}

fn row(job: Job, reader: &Reader, w: &ImportWords) -> Row {
    let (state, dot) = match job.state {
        Stage::Running => (w.running, "ringing"),
        Stage::Done => (w.done, "online"),
        Stage::Failed => (w.failed, "failed"),
        Stage::Interrupted => (w.interrupted, "failed"),
    };
    let counts = [
        (job.created, w.created),
        (job.updated, w.updated),
        (job.skipped, w.skipped),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, text)| format!("{count} {text}")).collect();
    Row {
        id: job.id.to_string(),
        at: time(job.started_at),
        when: reader.moment(job.started_at),
        file: job.file_name,
        kind: if job.kind == Kind::Staff.name() {
            w.staff
        } else {
            w.clients
        },
        author: job.author,
        dot,
        state,
        result: job.problem.unwrap_or_else(|| counts.join(" · ")),
        pending: job.state == Stage::Running,
    }
}

/// What the script says: faults by the API's codes, fields by its names.
fn said(w: &ImportWords) -> Value {
    let mut texts = Map::new();
    for (name, text) in fields(w) {
        texts.insert(format!("field.{name}"), text.into());
    }
    let more = json!({
        "rows": w.rows,
        "known_rows": w.known_rows,
        "fault_rows": w.fault_rows,
        "stays_out": w.stays_out,
        "becomes": w.becomes,
        "column": w.column,
        "row": w.row,
        "none_wrong": w.none_wrong,
        "wrong": w.wrong,
        "faults_shown": w.faults_shown,
        "of": w.of,
        "created": w.created,
        "updated": w.updated,
        "skipped": w.skipped,
        "nothing_came": w.failed,
        "file.required": w.error_file,
        "too_large": w.error_large,
        "unavailable": w.error_busy,
        "workbook": w.error_workbook,
        "old_workbook": w.error_old_workbook,
        "encrypted": w.error_encrypted,
        "sheet": w.error_sheet,
        "formula": w.error_formula,
        "encoding": w.error_encoding,
        "no_header": w.error_no_header,
        "empty": w.error_empty,
        "columns": w.error_columns,
        "no_column": w.error_no_column,
        "twice": w.error_twice,
        "taken": w.error_taken,
        "ambiguous": w.error_ambiguous,
        "circle": w.error_circle,
        "supervisor.unknown": w.error_supervisor,
        "unreadable": w.error_unreadable,
        "broken": w.error_unreadable,
        "version": w.error_version,
        "too_many": w.error_too_many,
        "too_many_rows": w.error_large,
        "too_many_columns": w.error_too_many,
    });
    if let Value::Object(more) = more {
        texts.extend(more);
    }
    Value::Object(texts)
}

fn fields(w: &ImportWords) -> [(&'static str, &'static str); 17] {
    [
        ("name", w.name),
        ("surname", w.surname),
        ("given_name", w.given_name),
        ("patronymic", w.patronymic),
        ("number", w.number),
        ("phone", w.number),
        ("other_numbers", w.other_numbers),
        ("company", w.company),
        ("position", w.position),
        ("work_place", w.work_place),
        ("supervisor", w.supervisor),
        ("vip", w.vip),
        ("manager", w.manager),
        ("email", w.email),
        ("short_number", w.short_number),
        ("sip_user", w.sip_user),
        ("sip_password", w.sip_password),
    ]
}
