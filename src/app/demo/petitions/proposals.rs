//! Proposals and suggestions: numbers 1, 7, 8, 9 and 10.

use super::{INTAKE, Stage, Usual, accepted, as_declared, body, day, document, letter, on, person};
use crate::{
    app::{
        Error,
        demo::story::{Story, Teller},
    },
    domain::{
        act::Classification,
        submission::{Location, Paper, Personal, Submission},
        vocabulary::{Assurance, Channel, Kind, SubmitterType},
    },
};

pub(super) fn flooded_lane(stage: Stage<'_>) -> Result<Story, Error> {
    let submission = Submission {
        agency_code: Some("H99.1".to_owned()),
        submitter: person("Nguyễn Văn Ví Dụ Một", "0900000001", "Ngõ 45 phố Cây Sữa, phường Sông Tràm"),
        location: Some(Location {
            text: Some(Personal::new("Ngõ 45 phố Cây Sữa")),
            area_code: Some("99001".to_owned()),
            ..Location::default()
        }),
        paper: Paper { assurance: Some(Assurance::InPerson), ..Paper::default() },
        ..letter(
            Kind::Proposal,
            Channel::DialogueConference,
            "urban_infrastructure",
            [
                "Ngõ 45 phố Cây Sữa ngập khi mưa to",
                "Ngõ 45 phố Cây Sữa cứ mưa to là ngập nửa bánh xe, ba năm nay đã kiến nghị tại hai hội nghị đối thoại nhưng chưa có câu trả lời cụ thể. Đề nghị Ủy ban nhân dân phường phối hợp với Sở Xây dựng sớm cải tạo cống thoát nước và cho biết ai chịu trách nhiệm, bao giờ xong.",
            ],
        )
    };
    let as_what = Classification {
        // The notice that concludes the conference: the thirty days count from it.
        basis_document: Some(document("45", "TB-UBND", day(11, 17))),
        ..as_declared(
            &submission,
            Some([
                "Ngập ngõ 45 phố Cây Sữa",
                "Người dân đề nghị cải tạo cống thoát nước ngõ 45 phố Cây Sữa và cho biết ai chịu trách nhiệm, bao giờ xong.",
            ]),
        )
    };
    let teller = Teller::begin(stage, 1, on(11, 12, 9, 30), Some(INTAKE), submission)?;
    let usual = Usual {
        classified: on(11, 17, 14, 30),
        as_what,
        assigned: on(11, 17, 15, 15),
        lead: "H99.1",
        supporting: &["H99.11"],
    };
    Ok(accepted(usual.follow(teller)?, on(11, 18, 8, 40), "H99.1")?.end())
}

pub(super) fn opening_hours(stage: Stage<'_>) -> Result<Story, Error> {
    let submission = Submission {
        agency_code: Some("H99.1".to_owned()),
        ..letter(
            Kind::Suggestion,
            Channel::SuggestionBox,
            "administrative_procedure",
            [
                "Mở thêm giờ bộ phận một cửa",
                "Tôi đề nghị bộ phận một cửa mở thêm sáng thứ Bảy hoặc đến 18 giờ chiều thứ Năm để công nhân đi ca không phải nghỉ làm. Nên có ghế chờ cho người cao tuổi và biển chỉ dẫn chữ to.",
            ],
        )
    };
    let as_what = as_declared(
        &submission,
        Some([
            "Mở thêm giờ bộ phận một cửa phường Sông Tràm",
            "Đề nghị mở thêm sáng thứ Bảy hoặc đến 18 giờ thứ Năm, thêm ghế chờ và biển chỉ dẫn chữ to.",
        ]),
    );
    let teller = Teller::begin(stage, 7, on(11, 6, 16, 0), Some(INTAKE), submission)?;
    let usual = Usual {
        classified: on(11, 9, 9, 0),
        as_what,
        assigned: on(11, 9, 10, 0),
        lead: "H99.1",
        supporting: &[],
    };
    Ok(accepted(usual.follow(teller)?, on(11, 10, 8, 15), "H99.1")?.end())
}

pub(super) fn identity_copy(stage: Stage<'_>) -> Result<Story, Error> {
    let submission = Submission {
        agency_code: Some("H99.12".to_owned()),
        submitter: person("Trần Thị Ví Dụ Tám", "0900000008", "Tổ 8, phường Bến Gỗ"),
        paper: Paper { assurance: Some(Assurance::Vneid), ..Paper::default() },
        ..letter(
            Kind::RegulationFeedback,
            Channel::WebPortal,
            "administrative_procedure",
            [
                "Bỏ bản sao căn cước khi đăng ký lại khai sinh trực tuyến",
                "Khi đăng ký lại khai sinh trực tuyến, hệ thống vẫn bắt tải lên bản sao căn cước dù đã đăng nhập bằng định danh điện tử mức độ 2. Quy định này trùng lặp, đề nghị bỏ thành phần hồ sơ đó.",
            ],
        )
    };
    let as_what = as_declared(
        &submission,
        Some([
            "Bản sao căn cước khi đăng ký lại khai sinh trực tuyến",
            "Đề nghị bỏ bản sao căn cước trong hồ sơ đăng ký lại khai sinh khi đã đăng nhập bằng định danh điện tử mức độ 2.",
        ]),
    );
    // Sở Tư pháp received it; its forwarding to the ministry is still to be done.
    let teller = Teller::begin(stage, 8, on(11, 20, 10, 20), Some(INTAKE), submission)?;
    Ok(teller.then(on(11, 23, 9, 0), INTAKE, as_what)?.end())
}

pub(super) fn thin_concrete(stage: Stage<'_>) -> Result<Story, Error> {
    let submission = Submission {
        agency_code: Some("H99.3".to_owned()),
        submitter_type: Some(SubmitterType::CommunityInvestmentBoard),
        submitter: body("Ban Giám sát đầu tư của cộng đồng xã Đồng Mây", "Lê Văn Ví Dụ Chín", "0900000009"),
        paper: Paper {
            incoming_number: Some("09/BC-GSCĐ".to_owned()),
            letter_date: Some(day(11, 6)),
            ..Paper::default()
        },
        ..letter(
            Kind::Proposal,
            Channel::OversightBoard,
            "public_investment",
            [
                "Mặt đường bê tông thôn Trầm mỏng hơn thiết kế",
                "Qua giám sát tuyến đường bê tông thôn Trầm, Ban nhận thấy hai đoạn mặt đường mỏng hơn thiết kế khoảng 3 cm. Kiến nghị chủ đầu tư khoan mẫu kiểm tra và Ủy ban nhân dân xã thông báo kết quả.",
            ],
        )
    };
    let as_what = as_declared(
        &submission,
        Some([
            "Mặt đường bê tông thôn Trầm",
            "Ban Giám sát đầu tư của cộng đồng kiến nghị khoan mẫu kiểm tra hai đoạn mặt đường và thông báo kết quả.",
        ]),
    );
    let teller = Teller::begin(stage, 9, on(11, 9, 14, 0), Some(INTAKE), submission)?;
    let usual = Usual {
        classified: on(11, 10, 9, 30),
        as_what,
        assigned: on(11, 10, 10, 30),
        lead: "H99.3",
        supporting: &[],
    };
    Ok(accepted(usual.follow(teller)?, on(11, 11, 8, 30), "H99.3")?.end())
}

pub(super) fn kindergarten(stage: Stage<'_>) -> Result<Story, Error> {
    let submission = Submission {
        agency_code: Some("H99".to_owned()),
        submitter_type: Some(SubmitterType::Deputy),
        submitter: body("Tổ đại biểu khu vực phường Sông Tràm", "Phạm Thị Ví Dụ Mười", "0900000010"),
        paper: Paper {
            incoming_number: Some("31/KN-CT".to_owned()),
            letter_date: Some(day(10, 23)),
            ..Paper::default()
        },
        ..letter(
            Kind::Proposal,
            Channel::VoterContact,
            "education",
            [
                "Xây thêm trường mầm non công lập tại phường Sông Tràm",
                "Cử tri phường Sông Tràm phản ánh trường mầm non công lập thiếu lớp, nhiều cháu phải học nhóm trẻ tư thục. Đề nghị bố trí quỹ đất tại khu tái định cư để xây thêm trường.",
            ],
        )
    };
    let as_what = as_declared(
        &submission,
        Some([
            "Thêm trường mầm non công lập tại phường Sông Tràm",
            "Cử tri đề nghị bố trí quỹ đất tại khu tái định cư để xây thêm trường mầm non công lập.",
        ]),
    );
    let teller = Teller::begin(stage, 10, on(10, 26, 9, 0), Some(INTAKE), submission)?;
    let usual = Usual {
        classified: on(10, 28, 9, 0),
        as_what,
        assigned: on(10, 29, 14, 0),
        lead: "H99.13",
        supporting: &["H99.1"],
    };
    Ok(accepted(usual.follow(teller)?, on(11, 2, 8, 30), "H99.13")?.end())
}
