//! Complaints and denunciations, and the letter that is both and a proposal too: numbers 3, 4, 5, 6 and 11.

use super::{INTAKE, Stage, Usual, accepted, as_declared, day, letter, on, person};
use crate::{
    app::{
        Error,
        demo::{
            people::Who,
            story::{Story, Teller, What},
        },
        submission::Part,
    },
    domain::{
        act::{Respondent, SupplementRequest},
        submission::{Paper, Personal, Submission, Submitter},
        vocabulary::{Assurance, Channel, Kind},
    },
};

pub(super) fn garden_land(stage: Stage<'_>) -> Result<Story, Error> {
    let respondent = Respondent { agency_id: Some(stage.0.agency("H99.3")?), official_id: None };
    let submission = Submission {
        instance: Some(1),
        agency_code: Some("H99.3".to_owned()),
        submitter: person("Hoàng Văn Ví Dụ Ba", "0900000003", "Thôn Trầm, xã Đồng Mây"),
        paper: Paper {
            incoming_number: Some("217/ĐĐ".to_owned()),
            letter_date: Some(day(10, 14)),
            respondent: Some(respondent),
            ..Paper::default()
        },
        ..letter(
            Kind::Complaint,
            Channel::Post,
            "land",
            [
                "Khiếu nại quyết định bồi thường khi thu hồi đất vườn",
                "Tôi khiếu nại Quyết định bồi thường, hỗ trợ khi thu hồi 86 m² đất vườn của gia đình tôi vì diện tích đo thực tế là 102 m². Quyết định chưa tính cây ăn quả lâu năm. Tôi yêu cầu đo lại và điều chỉnh mức bồi thường.",
            ],
        )
    };
    let as_what = as_declared(&submission, None);
    let teller = Teller::begin(stage, 3, on(10, 16, 10, 0), Some(INTAKE), submission)?;
    let usual = Usual {
        classified: on(10, 19, 9, 0),
        as_what,
        assigned: on(10, 20, 9, 0),
        lead: "H99.3",
        supporting: &[],
    };
    Ok(accepted(usual.follow(teller)?, on(10, 23, 9, 0), "H99.3")?.end())
}

pub(super) fn land_certificate(stage: Stage<'_>) -> Result<Story, Error> {
    let respondent = Respondent { agency_id: Some(stage.0.agency("H99.4")?), official_id: None };
    let submission = Submission {
        instance: Some(2),
        remote_area: true,
        agency_code: Some("H99".to_owned()),
        submitter: person("Lò Văn Ví Dụ Bốn", "0900000004", "Bản xa, xã vùng cao Nậm Sương"),
        paper: Paper {
            respondent: Some(respondent),
            assurance: Some(Assurance::InPerson),
            ..Paper::default()
        },
        ..letter(
            Kind::Complaint,
            Channel::CitizenReception,
            "land",
            [
                "Khiếu nại lần hai việc từ chối cấp giấy chứng nhận quyền sử dụng đất",
                "Tôi không đồng ý với quyết định giải quyết khiếu nại lần đầu của Chủ tịch Ủy ban nhân dân xã Nậm Sương về việc từ chối cấp giấy chứng nhận quyền sử dụng đất. Nhà tôi ở bản xa, đường đi lại khó khăn nên nhận quyết định chậm. Tôi gửi kèm quyết định lần đầu và sơ đồ thửa đất.",
            ],
        )
    };
    let as_what = as_declared(&submission, None);
    let teller = Teller::begin(stage, 4, on(11, 16, 9, 15), Some(INTAKE), submission)?;
    let usual = Usual {
        classified: on(11, 17, 9, 0),
        as_what,
        assigned: on(11, 18, 9, 0),
        lead: "H99",
        supporting: &[],
    };
    Ok(accepted(usual.follow(teller)?, on(11, 20, 8, 30), "H99")?.end())
}

pub(super) fn extra_money(stage: Stage<'_>) -> Result<Story, Error> {
    let respondent = Respondent { agency_id: None, official_id: Some(stage.0.official(Who::Clerk)?) };
    let submission = Submission {
        agency_code: Some("H99.2".to_owned()),
        keep_secret: true,
        submitter: person("Vũ Thị Ví Dụ Năm", "0900000005", "Tổ 5, phường Bến Gỗ"),
        paper: Paper { respondent: Some(respondent), letter_date: Some(day(11, 16)), ..Paper::default() },
        ..letter(
            Kind::Denunciation,
            Channel::Post,
            "organisation_staff",
            [
                "Tố cáo yêu cầu nộp thêm tiền ngoài quy định",
                "Tôi tố cáo một công chức tiếp nhận hồ sơ của phường Bến Gỗ nhiều lần yêu cầu người dân nộp thêm tiền ngoài quy định để được trả kết quả sớm. Tôi có ghi lại ngày giờ và tin nhắn. Đề nghị giữ bí mật họ tên và địa chỉ của tôi.",
            ],
        )
    };
    let as_what = as_declared(&submission, None);
    let teller = Teller::begin(stage, 5, on(11, 17, 10, 45), Some(INTAKE), submission)?;
    let usual = Usual {
        classified: on(11, 18, 14, 0),
        as_what,
        assigned: on(11, 19, 9, 0),
        lead: "H99.2",
        supporting: &[],
    };
    Ok(accepted(usual.follow(teller)?, on(11, 25, 9, 0), "H99.2")?.end())
}

/// Nobody denounces here by name: the inspectorate checks it as information (LTC 25.2), and nothing is accepted.
pub(super) fn wrong_steel(stage: Stage<'_>) -> Result<Story, Error> {
    let submission = Submission {
        agency_code: Some("H99".to_owned()),
        ..letter(
            Kind::Denunciation,
            Channel::Email,
            "public_investment",
            [
                "Thép không đúng chủng loại tại công trình đường liên xã",
                "Kho vật liệu của công trình nâng cấp đường liên xã Đồng Mây nhập thép không đúng chủng loại, tôi gửi kèm ảnh tem mác và phiếu giao hàng ngày 10/11. Tôi xin không nêu tên vì sợ bị trù dập.",
            ],
        )
    };
    let as_what = as_declared(&submission, None);
    let teller = Teller::begin(stage, 6, on(11, 18, 20, 10), Some(INTAKE), submission)?;
    let usual = Usual {
        classified: on(11, 19, 10, 0),
        as_what,
        assigned: on(11, 20, 9, 30),
        lead: "H99.14",
        supporting: &[],
    };
    Ok(usual.follow(teller)?.end())
}

pub(super) fn three_in_one(stage: Stage<'_>) -> Result<Story, Error> {
    let submission = Submission {
        agency_code: Some("H99.2".to_owned()),
        submitter: Some(Submitter {
            full_name: Some(Personal::new("Đỗ Văn Ví Dụ Mười Một")),
            email: Some(Personal::new("vidu11@example.com")),
            address: Some(Personal::new("Tổ 11, phường Bến Gỗ")),
            ..Submitter::default()
        }),
        ..letter(
            Kind::Proposal,
            Channel::Email,
            "urban_order",
            [
                "Xử phạt, kẻ vạch tập kết vật liệu và thái độ người lập biên bản",
                "Tôi khiếu nại việc bị phạt 5 triệu đồng do để vật liệu trên vỉa hè, đồng thời kiến nghị phường kẻ vạch khu vực tập kết tạm. Tôi cũng muốn tố cáo người lập biên bản có lời lẽ xúc phạm.",
            ],
        )
    };
    let part = |kind, instance, title: &str, content: &str| Part {
        kind,
        instance,
        title: title.to_owned(),
        content: content.to_owned(),
        field_code: "urban_order".to_owned(),
    };
    let parts = vec![
        part(
            Kind::Complaint,
            Some(1),
            "Khiếu nại việc bị phạt 5 triệu đồng",
            "Tôi khiếu nại việc bị phạt 5 triệu đồng do để vật liệu trên vỉa hè.",
        ),
        part(
            Kind::Proposal,
            None,
            "Kẻ vạch khu vực tập kết tạm",
            "Kiến nghị phường kẻ vạch khu vực tập kết tạm.",
        ),
        part(
            Kind::Denunciation,
            None,
            "Tố cáo lời lẽ xúc phạm",
            "Tôi muốn tố cáo người lập biên bản có lời lẽ xúc phạm.",
        ),
    ];
    // An e-mail without signature is no lawful form of a denunciation (LTC 22, 25.1).
    let signed_letter = SupplementRequest {
        missing: "Đơn tố cáo có chữ ký hoặc điểm chỉ, ghi rõ họ tên, địa chỉ".to_owned().into(),
        answer_by: day(12, 4),
    };
    let teller = Teller::begin(stage, 11, on(11, 18, 15, 30), Some(INTAKE), submission)?;
    let teller = teller.then(on(11, 20, 9, 0), INTAKE, What::Splits(parts))?;
    let ask = What::OnPart(Kind::Denunciation, signed_letter.into());
    Ok(teller.then(on(11, 23, 8, 50), INTAKE, ask)?.end())
}
