//! Photos of people: square JPEGs in the data folder, made anew from whatever was sent, so that nothing else of that is
//! ever kept or shown.

use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use frontdesk_routing::ids::StaffId;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{crop_imm, thumbnail};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, GenericImageView, ImageDecoder, ImageFormat, ImageReader, RgbaImage};

/// The folder of those files, below the data folder.
pub(crate) const FOLDER: &str = "photos";

/// Pixels of a side.
const LARGE: u32 = 512;
const SMALL: u32 = 128;
/// What a file may open up to: 40 megapixels are 160 MB for a moment.
const MOST_PIXELS: u64 = 40_000_000;
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
const LONGEST_SIDE: u32 = 20_000;
const QUALITY: u8 = 86;

/// A photo as two JPEGs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Photo {
    large: Vec<u8>,
    small: Vec<u8>,
}

/// Why a file becomes no photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Neither JPEG, PNG nor WebP, or a broken one.
    NoImage,
    /// It opens up to more than is computed with.
    TooLarge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Large,
    Small,
}

impl Photo {
    /// The middle of a picture. What it really is decides, not what it is called; no metadata goes along.
    pub(crate) fn of(file: &[u8]) -> Result<Photo, Refused> {
        let format = image::guess_format(file).map_err(|_| Refused::NoImage)?;
        if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
            return Err(Refused::NoImage);
        }
        let mut limits = image::Limits::default();
        limits.max_alloc = Some(MOST_MEMORY);
        limits.max_image_width = Some(LONGEST_SIDE);
        limits.max_image_height = Some(LONGEST_SIDE);
        let mut reader = ImageReader::with_format(Cursor::new(file), format);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(refused)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width).saturating_mul(u64::from(height)) > MOST_PIXELS {
            return Err(Refused::TooLarge);
        }
        let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
        let square = middle(&picture, LARGE);
        drop(picture);
        let mut square = DynamicImage::ImageRgba8(square);
        square.apply_orientation(turned);
        let small = middle(&square, SMALL);
        Ok(Photo {
            large: jpeg(&square.into_rgba8())?,
            small: jpeg(&small)?,
        })
    }

    /// Keeps it beside an older one of the person, from which its mark tells it.
    pub(crate) fn keep(&self, folder: &Path, photo: (StaffId, &str)) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        for (size, file) in [(Size::Small, &self.small), (Size::Large, &self.large)] {
            let path = path(folder, photo, size);
            let fresh = path.with_extension("new");
            let mut out = File::create(&fresh)?;
            out.write_all(file)?;
            out.sync_all()?;
            fs::rename(&fresh, &path)?;
        }
        Ok(())
    }
}

/// `None`: it is no longer there.
pub(crate) fn read(folder: &Path, photo: (StaffId, &str), size: Size) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path(folder, photo, size)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn forget(folder: &Path, photo: (StaffId, &str)) -> io::Result<()> {
    for size in [Size::Large, Size::Small] {
        match fs::remove_file(path(folder, photo, size)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn path(folder: &Path, (staff, mark): (StaffId, &str), size: Size) -> PathBuf {
    let small = match size {
        Size::Large => "",
        Size::Small => "-small",
    };
    folder.join(format!("{staff}-{mark}{small}.jpg"))
}

/// The largest square in the middle, made smaller where it is larger than `side`.
fn middle(picture: &DynamicImage, side: u32) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let shorter = width.min(height);
    let (left, top) = ((width - shorter) / 2, (height - shorter) / 2);
    let square = crop_imm(picture, left, top, shorter, shorter);
    if shorter <= side {
        square.to_image()
    } else {
        thumbnail(&*square, side, side)
    }
}

/// On white, where it can be seen through.
fn jpeg(picture: &RgbaImage) -> Result<Vec<u8>, Refused> {
    let mut rgb = Vec::with_capacity(picture.len());
    for pixel in picture.pixels() {
        let [red, green, blue, alpha] = pixel.0.map(u16::from);
        let over = |colour: u16| u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        rgb.extend([red, green, blue].map(over));
    }
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, QUALITY)
        .encode(&rgb, picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .map_err(refused)?;
    Ok(file)
}

fn refused(error: image::ImageError) -> Refused {
    match error {
        image::ImageError::Limits(_) => Refused::TooLarge,
        image::ImageError::Decoding(_)
        | image::ImageError::Encoding(_)
        | image::ImageError::Parameter(_)
        | image::ImageError::Unsupported(_)
        | image::ImageError::IoError(_) => Refused::NoImage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba};

    fn file(picture: DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    /// Red on the left, blue on the right, grey between.
    fn wide() -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(1200, 600, |x, _| match x {
            0..300 => Rgb([255, 0, 0]),
            900.. => Rgb([0, 0, 255]),
            _ => Rgb([128, 128, 128]),
        }))
    }

    fn shown(file: &[u8]) -> RgbImage {
        assert_eq!(image::guess_format(file).unwrap(), ImageFormat::Jpeg);
        image::load_from_memory(file).unwrap().into_rgb8()
    }

    #[test]
    fn of_each_format_the_middle_is_kept_in_two_sizes() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let photo = Photo::of(&file(wide(), format)).unwrap();
            let (large, small) = (shown(&photo.large), shown(&photo.small));
            assert_eq!((large.dimensions(), small.dimensions()), ((512, 512), (128, 128)));
            let corner = large.get_pixel(2, 2).0;
            assert!(corner.iter().all(|part| part.abs_diff(128) < 12), "{corner:?}");
        }
    }

    #[test]
    fn a_small_picture_is_not_blown_up_and_what_is_clear_becomes_white() {
        let clear = RgbaImage::from_pixel(40, 60, Rgba([0, 0, 0, 0]));
        let photo = Photo::of(&file(DynamicImage::ImageRgba8(clear), ImageFormat::Png)).unwrap();
        let shown = shown(&photo.large);
        assert_eq!(shown.dimensions(), (40, 40));
        assert!(shown.pixels().all(|pixel| pixel.0.iter().all(|part| *part > 250)));
    }

    #[test]
    fn what_is_no_image_or_opens_up_to_too_much_is_refused() {
        let png = file(wide(), ImageFormat::Png);
        for wrong in [
            &b""[..],
            b"GIF89a",
            b"<svg></svg>",
            b"\x89PNG\r\n\x1a\n",
            &png[..png.len() / 2],
        ] {
            assert_eq!(Photo::of(wrong), Err(Refused::NoImage), "{} bytes", wrong.len());
        }
        let bomb = DynamicImage::ImageLuma8(image::GrayImage::new(7_000, 7_000));
        assert_eq!(Photo::of(&file(bomb, ImageFormat::Png)), Err(Refused::TooLarge));
    }

    #[test]
    fn a_photo_is_kept_read_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, anna) = (folder.path().join(FOLDER), StaffId::from_u128(1));
        let photo = Photo::of(&file(wide(), ImageFormat::Png)).unwrap();
        photo.keep(&folder, (anna, "a")).unwrap();
        let read = |size| read(&folder, (anna, "a"), size).unwrap();
        assert_eq!(
            (read(Size::Large), read(Size::Small)),
            (Some(photo.large), Some(photo.small))
        );
        forget(&folder, (anna, "a")).unwrap();
        forget(&folder, (anna, "a")).unwrap();
        assert_eq!(read(Size::Large), None);
    }
}
