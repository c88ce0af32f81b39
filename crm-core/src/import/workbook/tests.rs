use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::import::table::{LONGEST_CELL, Line, MOST_ROWS};

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook whose one sheet has these rows, with styles and strings.
fn book(rows: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{RELATIONS}/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |inner: &str| format!("<?xml version=\"1.0\"?><Relationships>{inner}</Relationships>");
    let first = relations(&relation("r1", "officeDocument", "/xl/workbook.xml"));
    let of_book = [
        relation("r1", "worksheet", "worksheets/Sheet1.xml"),
        relation("r2", "worksheet", "worksheets/sheet2.xml"),
        relation("r3", "styles", "styles.xml"),
        relation("r4", "sharedStrings", "/xl/sharedStrings.xml"),
    ];
    let of_book = relations(&of_book.concat());
    let sheet =
        |rows: &str| format!("<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData>{rows}</sheetData></worksheet>");
    let (one, two) = (
        sheet(rows),
        sheet("<row><c t=\"inlineStr\"><is><t>second</t></is></c></row>"),
    );
    let mut parts = vec![
        ("_rels/.rels", first.as_str()),
        ("xl/_rels/workbook.xml.rels", &of_book),
        (
            "xl/workbook.xml",
            "<workbook xmlns:r=\"r\"><sheets><sheet name=\"A &amp; B\" sheetId=\"1\" r:id=\"r1\"/>\
             <sheet name=\"Second\" r:id=\"r2\"/><sheet name=\"Hidden\" state=\"hidden\" r:id=\"r1\"/></sheets></workbook>",
        ),
        ("xl/worksheets/sheet1.xml", &one),
        ("xl/worksheets/sheet2.xml", &two),
        (
            "xl/styles.xml",
            "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"dd\\.mm\\.yyyy\"/></numFmts><cellStyleXfs><xf \
             numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"22\"/></cellXfs>\
             </styleSheet>",
        ),
    ];
    parts.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    parts.extend(more);
    archive(&parts)
}

fn shown(table: &Table) -> Vec<String> {
    let row = |row: &Line| format!("{} {}", row.line, row.cells.join("|"));
    let rows = table.rows.iter().map(row);
    [table.header.join("|")].into_iter().chain(rows).collect()
}

fn refused(bytes: &[u8]) -> &'static str {
    match read(bytes, None) {
        Ok(table) => panic!("{} rows", table.rows.len()),
        Err(problem) => problem.code,
    }
}

#[test]
fn cells_become_texts_as_a_spreadsheet_shows_them() {
    let rows = "<row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c><c r=\"B3\" t=\"s\"><v>1</v></c><c r=\"D3\" t=\"inlineStr\"><is>\
        <t>VIP</t></is></c></row>\
        <row r=\"4\"><c r=\"A4\" s=\"2\"/></row>\
        <row r=\"5\"><c r=\"A5\" t=\"str\"><f>A1&amp;B1</f><v>Ёлкин &lt;1&gt;</v></c><c r=\"B5\"><v>7.9161234567E10</v></c>\
        <c r=\"C5\" s=\"1\"><v>45943</v></c><c r=\"D5\" t=\"b\"><v>1</v></c></row>\
        <row r=\"1048576\"><c r=\"B1048576\" t=\"n\"><f>1+1</f><v>89161234567</v></c><c t=\"s\"><v>2</v></c></row>";
    let strings = "<sst count=\"999999999999999999\" uniqueCount=\"999999999999999999\"><si><t>ФИО</t></si><si><r><t>Теле</t></r>\
        <r><t xml:space=\"preserve\">фон </t></r><rPh><t>aloud</t></rPh></si><si><t>a_x000D_\nb</t></si></sst>";
    let table = read(&book(rows, &[("xl/sharedStrings.xml", strings)]), None).unwrap();
    assert_eq!(
        shown(&table),
        [
            "ФИО|Телефон||VIP",
            "5 Ёлкин <1>|79161234567|2025-10-13|true",
            "1048576 |89161234567|a\nb|"
        ]
    );
    assert_eq!((table.header_line, table.sheet.as_deref()), (3, Some("A & B")));
    assert_eq!(table.sheets, ["A & B", "Second"]);
    assert!(table.problems.is_empty() && table.wrong.is_empty());
    let second = read(&book(rows, &[("xl/sharedStrings.xml", strings)]), Some("Second")).unwrap();
    assert_eq!(shown(&second), ["second"]);
    assert_eq!(read(&book("", &[]), Some("Third")).unwrap_err().code, "sheet");
    assert_eq!(refused(&book("", &[])), "no_header");
}

#[test]
fn faults_are_told_by_the_spreadsheets_own_rows() {
    let rows = "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>name</t></is></c><c r=\"B2\" t=\"inlineStr\"><is><t>number</t></is>\
        </c></row>\
        <row r=\"7\"><c r=\"A7\" t=\"e\"><v>#N/A</v></c><c r=\"B7\"><f>B1</f><v/></c></row>\
        <row r=\"9\"><c r=\"A9\"><v>1</v></c><c r=\"C9\"><v>2</v></c></row>";
    let table = read(&book(rows, &[]), None).unwrap();
    let wrong = |fields: &[Option<&'static str>]| {
        let faults = table.faults(fields).into_iter();
        let told = faults.map(|fault| format!("{} {} {}", fault.line, fault.column.unwrap_or_default(), fault.code));
        told.collect::<Vec<_>>()
    };
    assert_eq!(wrong(&[None, Some("number")]), ["9  columns", "7 number formula"]);
    assert_eq!(wrong(&[Some("name"), None]), ["9  columns", "7 name formula"]);
}

#[test]
fn what_is_no_workbook_of_ours_says_what_to_do() {
    let whole = book("<row><c><v>1</v></c></row>", &[]);
    for cut in (0..whole.len()).step_by(7) {
        assert_eq!(refused(&whole[..cut]), "workbook", "{cut}");
    }
    assert_eq!(
        refused(&archive(&[(
            "mimetype",
            "application/vnd.oasis.opendocument.spreadsheet"
        )])),
        "workbook"
    );
    let wide: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(older(&wide).code, "encrypted");
    assert_eq!(older(b"Workbook").code, "old_workbook");
    for rows in [
        "<row r=\"5\"><c r=\"A5\"><v>1</v></c></row><row r=\"4\"><c r=\"A4\"><v>1</v></c></row>",
        "<row r=\"1048577\"><c><v>1</v></c></row>",
        "<row r=\"0\"><c><v>1</v></c></row>",
        "<row r=\"x\"><c><v>1</v></c></row>",
        "<row><c r=\"XFE1\"><v>1</v></c></row>",
        "<row><c t=\"s\"><v>7</v></c></row>",
        "<row><c t=\"str\"><v>&unknown;</v></c></row>",
        "<row><c>",
    ] {
        assert_eq!(refused(&book(rows, &[])), "workbook", "{rows}");
    }
    let wide = "<row><c r=\"CW1\"><v>1</v></c></row>";
    assert_eq!(refused(&book(wide, &[])), "too_many_columns");
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let spaces = " ".repeat(1 << 20);
    // what unpacks to more than there may be, in either kind of part
    let rows = spaces.repeat(257);
    assert_eq!(refused(&book(&rows, &[])), "too_large");
    let styles = format!("<styleSheet>{}</styleSheet>", spaces.repeat(17));
    assert_eq!(refused(&book("", &[("xl/styles.xml", &styles)])), "too_large");
    // a text that every cell shares
    let long = "x".repeat(LONGEST_CELL);
    let strings = format!("<sst><si><t>{long}</t></si></sst>");
    let rows = "<row><c t=\"s\"><v>0</v></c></row>".repeat(40_000);
    assert_eq!(
        refused(&book(&rows, &[("xl/sharedStrings.xml", &strings)])),
        "too_large"
    );
    let strings = format!("<sst>{}</sst>", "<si/>".repeat(MOST_STRINGS + 1));
    assert_eq!(refused(&book("", &[("xl/sharedStrings.xml", &strings)])), "too_large");
    // entities that grow
    let lol = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><sst><si><t>&c;</t></si></sst>";
    assert_eq!(refused(&book("", &[("xl/sharedStrings.xml", lol)])), "workbook");
    // an archive of nothing but names
    let names: Vec<String> = (0..2_100).map(|at| format!("{at}")).collect();
    let parts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(refused(&archive(&parts)), "too_large");
    // an end that speaks of more parts than there is room for
    let mut long = book("<row><c><v>1</v></c></row>", &[]);
    let end = long.len() - 22;
    let record = [
        &b"PK\x06\x06"[..],
        &[0; 28],
        &[0xff, 0xff, 0xff, 0, 0, 0, 0, 0],
        &[0; 16],
    ]
    .concat();
    let locator = [&b"PK\x06\x07"[..], &[0; 16]].concat();
    long.splice(end..end, [record, locator].concat());
    assert_eq!(refused(&long), "too_large");
}

#[test]
fn cells_of_nothing_cost_nothing() {
    let header = "<row><c t=\"inlineStr\"><is><t>name</t></is></c></row>";
    let empty = "<row><c s=\"1\"/><c/><c><v/></c><c t=\"str\"><v></v></c></row>".repeat(250_000);
    let rows = format!("{header}{empty}<row><c><v>1</v></c></row>");
    let table = read(&book(&rows, &[]), None).unwrap();
    assert_eq!(shown(&table), ["name", "250002 1"]);
    let rows = format!("{header}{}", "<row><c><v>1</v></c></row>".repeat(MOST_ROWS + 9));
    let table = read(&book(&rows, &[]), None).unwrap();
    assert_eq!((table.rows.len(), table.problems.len()), (MOST_ROWS + 1, 1));
}

proptest::proptest! {
    #[test]
    fn no_damage_makes_it_fail_otherwise(at in 0_usize..2_000, byte in 0_u8..=255, rows in "[<>/rcv\"= sfit0-9A-C&;#x]{0,120}") {
        let rows = format!("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>{rows}");
        let mut bytes = book(&rows, &[]);
        let _ = read(&bytes, None);
        let place = at % bytes.len();
        bytes[place] = byte;
        let _ = read(&bytes, None);
    }
}
