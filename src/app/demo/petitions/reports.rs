//! What people report: numbers 2 and 12.

use super::{INTAKE, Stage, Usual, accepted, as_declared, day, letter, on, person};
use crate::{
    app::{
        Error,
        clock::new_id,
        demo::{
            people::Who,
            story::{Story, Teller, What, instant},
        },
    },
    domain::{
        act::{Delivery, Publication, ReplyApproval, ReplyDraft, ReplySubmission, SignedNotice},
        submission::{Consent, Location, Personal, Submission},
        vocabulary::{Channel, DeliveryMethod, Kind, Outcome, Urgency},
    },
};

/// Answered within its four working hours, and published.
pub(super) fn missing_manhole_cover(stage: Stage<'_>) -> Result<Story, Error> {
    let received = on(11, 22, 21, 40);
    let submission = Submission {
        urgency: Urgency::Urgent,
        agency_code: Some("H99.2".to_owned()),
        submitter: person("Ngô Thị Ví Dụ Hai", "0900000002", "Tổ 2, phường Bến Gỗ"),
        location: Some(Location {
            text: Some(Personal::new("Trước cổng Trường Tiểu học Hoa Gạo")),
            latitude: Some(20.5),
            longitude: Some(106.2),
            area_code: Some("99002".to_owned()),
        }),
        consent: Some(Consent { text_version: "2026-01".to_owned(), at: instant(received, stage.1) }),
        ..letter(
            Kind::Feedback,
            Channel::MobileApp,
            "urban_infrastructure",
            [
                "Mất nắp hố ga trước cổng Trường Tiểu học Hoa Gạo",
                "Nắp hố ga trước cổng Trường Tiểu học Hoa Gạo bị mất, tối rất nguy hiểm vì trẻ em hay đi bộ qua. Tôi gửi kèm hai ảnh và vị trí, mong xử lý ngay trong đêm hoặc đặt rào chắn.",
            ],
        )
    };
    let as_what = as_declared(
        &submission,
        Some([
            "Mất nắp hố ga trước cổng Trường Tiểu học Hoa Gạo",
            "Người dân báo nắp hố ga bị mất, nguy hiểm cho trẻ em, đề nghị xử lý ngay hoặc đặt rào chắn.",
        ]),
    );
    let teller = Teller::begin(stage, 2, received, None, submission)?;
    let usual = Usual {
        classified: on(11, 23, 8, 5),
        as_what,
        assigned: on(11, 23, 8, 12),
        lead: "H99.2",
        supporting: &[],
    };
    Ok(answered(accepted(usual.follow(teller)?, on(11, 23, 8, 20), "H99.2")?)?.end())
}

fn answered(teller: Teller<'_>) -> Result<Teller<'_>, Error> {
    let (handler, head) = (Who::handles_at("H99.2"), Who::Head("H99.2"));
    let draft = ReplyDraft {
        revision: new_id(),
        text: "Phường đã đặt rào chắn lúc 8 giờ 45 và lắp nắp hố ga mới lúc 10 giờ 20 ngày 23/11/2026. Cảm ơn anh/chị đã báo tin.".to_owned().into(),
        outcome: Outcome::Resolved,
        commitments: Vec::new(),
    };
    let approval = ReplyApproval {
        document: None,
        notice: Some(SignedNotice { signer: "Lý Văn Bến Gỗ".to_owned(), signed_on: day(11, 23) }),
        addressee: Some("Bà Ngô Thị Ví Dụ Hai".to_owned().into()),
    };
    let publication = Publication {
        public_text: "Phường đã đặt rào chắn và lắp nắp hố ga mới trước cổng Trường Tiểu học Hoa Gạo trong sáng 23/11/2026.".to_owned().into(),
    };
    teller
        .then(on(11, 23, 10, 40), handler, draft)?
        .then(on(11, 23, 10, 45), handler, ReplySubmission {})?
        .then(on(11, 23, 11, 10), head, approval)?
        .then(on(11, 23, 11, 15), head, publication)?
        .then(on(11, 23, 11, 20), handler, Delivery { method: DeliveryMethod::Online })
}

/// The callers of one night, as (number, minute past 23 o'clock, name, telephone).
const CALLERS: [(u32, i8, &str, &str); 5] = [
    (KARAOKE, 5, "Bùi Văn Ví Dụ Mười Hai", "0900000012"),
    (121, 12, "Lê Thị Hộ Thứ Hai", "0900000121"),
    (122, 20, "Trần Văn Hộ Thứ Ba", "0900000122"),
    (123, 31, "Mai Thị Hộ Thứ Tư", "0900000123"),
    (124, 44, "Cao Văn Hộ Thứ Năm", "0900000124"),
];
const KARAOKE: u32 = 12;

/// Five callers, one matter: on Monday morning the later four are merged into the first.
pub(super) fn karaoke(stage: Stage<'_>) -> Result<Story, Error> {
    let submission = |name: &str, phone: &str| Submission {
        agency_code: Some("H99.1".to_owned()),
        submitter: person(name, phone, "Hẻm 12, phường Sông Tràm"),
        ..letter(
            Kind::Feedback,
            Channel::Hotline,
            "noise",
            [
                "Hát karaoke loa kéo quá 23 giờ ở đầu hẻm 12",
                "Quán ở đầu hẻm 12 hát karaoke loa kéo quá 23 giờ liên tục ba đêm, nhà có người già và trẻ nhỏ không ngủ được. Mong công an phường kiểm tra và trả lời kết quả cho các hộ xung quanh.",
            ],
        )
    };
    let [(number, minute, name, phone), others @ ..] = CALLERS;
    let first = submission(name, phone);
    let as_what = as_declared(
        &first,
        Some([
            "Karaoke loa kéo ban đêm ở đầu hẻm 12",
            "Các hộ dân báo một quán hát karaoke quá 23 giờ nhiều đêm, đề nghị kiểm tra và trả lời.",
        ]),
    );
    let mut teller = Teller::begin(stage, number, on(11, 21, 23, minute), Some(INTAKE), first)?;
    for (number, minute, name, phone) in others {
        teller = teller.comes(number, on(11, 21, 23, minute), Some(INTAKE), submission(name, phone))?;
    }
    for (number, ..) in others {
        teller = teller.of(number).then(on(11, 23, 7, 45), INTAKE, What::MergesInto(KARAOKE))?;
    }
    let usual = Usual {
        classified: on(11, 23, 8, 0),
        as_what,
        assigned: on(11, 23, 8, 10),
        lead: "H99.1.1",
        supporting: &[],
    };
    Ok(accepted(usual.follow(teller.of(KARAOKE))?, on(11, 23, 8, 30), "H99.1.1")?.end())
}
