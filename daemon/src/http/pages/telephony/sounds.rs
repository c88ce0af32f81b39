//! What callers hear: the music for whoever waits.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
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
    own: bool,
    length: String,
    may_write: bool,
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
    let more = json!({
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
        own: music.own,
        length: show::duration(i64::try_from(music.duration_ms).unwrap_or(i64::MAX)),
        may_write: reader.access.may(Right::SettingsWrite),
        frame: reader.telephony("/sounds", "sounds.js", more),
        w,
    };
    Ok(render(reader.t, &page))
}
