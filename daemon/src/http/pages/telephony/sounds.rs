//! What callers hear: the music for whoever waits, and sounds of the company's own.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::prompts::{self, Prompt};
use serde_json::json;

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, reader, render, show};
use crate::http::State;
use crate::http::api::music;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;

words! {
    /// The page of sounds.
    SoundWords {
        music: "Music on hold", "Музыка ожидания";
        music_lead: "Heard by callers who wait in line, are on hold or parked. A new one is played from the next hold on.",
            "Её слышат те, кто ждёт в очереди, на удержании или на парковке. Новая зазвучит со следующего ожидания.";
        ours: "The one that came with the exchange", "Стандартная мелодия";
        own: "Your own", "Своя мелодия";
        replace: "Your own file", "Свой файл";
        file_hint: "WAV: 16-bit, mono or stereo, 8 to 48 kHz; 10 minutes and 20 MB at most", "WAV: 16 бит, моно или стерео, от 8 до 48 кГц; не больше 10 минут и 20 МБ";
        upload: "Use this file", "Загрузить";
        uploaded: "It is played from now on", "Мелодия заменена";
        back: "Back to the one of the exchange", "Вернуть стандартную";
        back_ask: "Delete your own music?", "Удалить свою мелодию?";
        back_text: "Callers hear the one that came with the exchange again.", "Звонящие снова услышат стандартную.";
        prompts: "Our own recordings", "Свои фразы";
        prompts_lead: "What menus ask and greetings say, or what is said in the place of a built-in phrase.",
            "Их произносят меню и приветствия; своей фразой можно заменить и встроенную.";
        prompts_none: "No recordings yet.", "Своих фраз пока нет.";
        add: "Add a recording", "Добавить фразу";
        name: "Name", "Название";
        length: "Length", "Длительность";
        replaces: "Said in the place of", "Вместо встроенной";
        replaces_none: "Nothing: chosen by menus and greetings", "Ничего: её выбирают в меню и приветствиях";
        please_wait: "“Please wait”", "«Пожалуйста, подождите»";
        press_one: "“Press 1 to take the call”", "«Нажмите 1, чтобы принять звонок»";
        recorded: "“This call is recorded”", "«Разговор записывается»";
        vip_client: "“A VIP client”", "«Vip-клиент»";
        place: "“Your place in the queue is”, before the number", "«Ваше место в очереди», перед числом";
        minutes: "“The expected wait in minutes is”, before the number", "«Ожидание в минутах», перед числом";
        department: "“A call for department”, before its number", "«Звонок в отдел», перед номером";
        leave_message: "“Leave a message after the tone”", "«Оставьте сообщение после сигнала»";
        no_messages: "“You have no messages”", "«Сообщений нет»";
        messages_over: "“There are no more messages”", "«Больше сообщений нет»";
        digit_0: "Digit 0", "Цифра 0";
        digit_1: "Digit 1", "Цифра 1";
        digit_2: "Digit 2", "Цифра 2";
        digit_3: "Digit 3", "Цифра 3";
        digit_4: "Digit 4", "Цифра 4";
        digit_5: "Digit 5", "Цифра 5";
        digit_6: "Digit 6", "Цифра 6";
        digit_7: "Digit 7", "Цифра 7";
        digit_8: "Digit 8", "Цифра 8";
        digit_9: "Digit 9", "Цифра 9";
        error_digit: "A digit is said in three seconds at most", "Цифра звучит не дольше трёх секунд";
        prompt_file: "WAV file", "Файл WAV";
        prompt_hint: "WAV: 16-bit, mono or stereo, 8 to 48 kHz; 5 minutes and 20 MB at most", "WAV: 16 бит, моно или стерео, от 8 до 48 кГц; не больше 5 минут и 20 МБ";
        delete_prompt: "Delete this recording?", "Удалить фразу?";
        delete_prompt_text: "Only one that nothing says can be deleted.", "Удалить можно только фразу, которая нигде не используется.";
        error_long: "5 minutes at most", "Не длиннее 5 минут";
        error_replaced: "Another recording is said in its place already", "Вместо неё уже говорится другая";
        error_file: "Choose a file", "Выберите файл";
        error_kind: "A WAV is needed: 16-bit, mono or stereo, 8 to 48 kHz, 10 minutes at most", "Нужен WAV: 16 бит, моно или стерео, от 8 до 48 кГц, не длиннее 10 минут";
        error_size: "The file is too large: 20 MB at most", "Файл слишком большой: не больше 20 МБ";
    }
}

#[derive(Template)]
#[template(path = "sounds.html")]
struct SoundsPage {
    frame: Frame,
    w: &'static SoundWords,
    prompts: Vec<Row>,
    /// Built-in phrases: names of the API and what they say.
    phrases: Vec<(&'static str, &'static str)>,
    own: bool,
    length: String,
    may_write: bool,
}

struct Row {
    id: String,
    name: String,
    length: String,
    replaces: &'static str,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::SettingsRead)?;
    let music = music::heard(&state, &reader.access).await;
    let music = music.map_err(|error| reader.failed(error))?;
    let w = in_language_of!(reader.t, SoundWords);
    let prompts = prompts::list(&state.db, reader.access.account).await;
    let prompts = prompts.map_err(|error| reader.failed(error.into()))?;
    let more = json!({
        "delete_prompt": w.delete_prompt,
        "delete_prompt_text": w.delete_prompt_text,
        "replaces.taken": w.error_replaced,
        "file.too_long": w.error_long,
        "replaces.too_long": w.error_digit,
        "music": w.music,
        "uploaded": w.uploaded,
        "back": w.back,
        "back_ask": w.back_ask,
        "back_text": w.back_text,
        "file.required": w.error_file,
        "unsupported_media_type": w.error_kind,
        "file.invalid": w.error_kind,
        "too_large": w.error_size,
    });
    let page = SoundsPage {
        prompts: prompts.into_iter().map(|prompt| row(prompt, w)).collect(),
        phrases: phrases(w),
        own: music.own,
        length: show::duration(i64::try_from(music.duration_ms).unwrap_or(i64::MAX)),
        may_write: reader.access.may(Right::SettingsWrite),
        frame: reader.telephony("/sounds", "sounds.js", more),
        w,
    };
    Ok(render(reader.t, &page))
}

fn row(prompt: Prompt, w: &SoundWords) -> Row {
    let replaced = phrases(w)
        .into_iter()
        .find(|(name, _)| Some(*name) == prompt.replaces.as_deref());
    Row {
        id: prompt.id.to_string(),
        name: prompt.name,
        length: show::duration(prompt.duration_ms),
        replaces: replaced.map(|(_, text)| text).unwrap_or_default(),
    }
}

fn phrases(w: &SoundWords) -> Vec<(&'static str, &'static str)> {
    vec![
        ("please_wait", w.please_wait),
        ("place", w.place),
        ("minutes", w.minutes),
        ("press_one", w.press_one),
        ("department", w.department),
        ("vip_client", w.vip_client),
        ("recorded", w.recorded),
        ("leave_message", w.leave_message),
        ("no_messages", w.no_messages),
        ("messages_over", w.messages_over),
        ("digit_0", w.digit_0),
        ("digit_1", w.digit_1),
        ("digit_2", w.digit_2),
        ("digit_3", w.digit_3),
        ("digit_4", w.digit_4),
        ("digit_5", w.digit_5),
        ("digit_6", w.digit_6),
        ("digit_7", w.digit_7),
        ("digit_8", w.digit_8),
        ("digit_9", w.digit_9),
    ]
}
