import type { GrpcProjectFiles } from "../../support/raw-grpc.ts";

const service = `
syntax = "proto3";
package trip.v1;

import "google/protobuf/any.proto";
import "google/protobuf/descriptor.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/api/annotations.proto";
import "trip/common.proto";
import "trip/legacy.proto";
import "trip/modern.proto";

extend google.protobuf.FieldOptions { string sensitivity = 50001; }
extend google.protobuf.MessageOptions { Audit audit = 50002; }
message Audit { string owner = 1; repeated int32 levels = 2; }

service TripService {
  rpc Echo(Box) returns (Box) { option (google.api.http) = { get: "/v1/echo" }; }
}

message Box {
  option (audit) = { owner: "team" levels: [1, 2] };
  Scalars scalars = 1 [(sensitivity) = "low"];
  Presence presence = 2;
  Known known = 3;
  Maps maps = 4;
  Choice choice = 5;
  trip.legacy.Legacy legacy = 6;
  trip.modern.Modern modern = 7;
  Node tree = 8;
  Lists lists = 9;
  Names names = 10;
  google.protobuf.Empty empty = 11;
  Wrapped wrapped = 536870911;
}

message Scalars {
  double double = 1;
  float float = 2;
  int32 int32 = 3;
  int64 int64 = 4;
  uint32 uint32 = 5;
  uint64 uint64 = 6;
  sint32 sint32 = 7;
  sint64 sint64 = 8;
  fixed32 fixed32 = 9;
  fixed64 fixed64 = 10;
  sfixed32 sfixed32 = 11;
  sfixed64 sfixed64 = 12;
  bool bool = 13;
  string string = 14;
  bytes bytes = 15;
  Color color = 16;
}
enum Color { option allow_alias = true; NONE = 0; RED = 1; CRIMSON = 1; DEEP = 2147483647; COLD = -2147483648; }

message Presence {
  optional int32 count = 1;
  optional string text = 2;
  optional bool flag = 3;
  optional double ratio = 4;
  optional bytes raw = 5;
  optional Color color = 6;
  Node node = 7;
}

message Known {
  google.protobuf.Timestamp at = 1;
  google.protobuf.Duration took = 2;
  google.protobuf.FieldMask mask = 3;
  google.protobuf.Struct meta = 4;
  google.protobuf.Value any_value = 5;
  google.protobuf.ListValue list = 6;
  google.protobuf.Any detail = 7;
  repeated google.protobuf.Timestamp times = 8;
  repeated google.protobuf.Value values = 9;
}

message Wrapped {
  google.protobuf.DoubleValue double = 1;
  google.protobuf.FloatValue float = 2;
  google.protobuf.Int64Value int64 = 3;
  google.protobuf.UInt64Value uint64 = 4;
  google.protobuf.Int32Value int32 = 5;
  google.protobuf.UInt32Value uint32 = 6;
  google.protobuf.BoolValue bool = 7;
  google.protobuf.StringValue string = 8;
  google.protobuf.BytesValue bytes = 9;
}

message Maps {
  map<string, int64> counts = 1;
  map<int64, string> by_number = 2;
  map<bool, Color> by_flag = 3;
  map<string, Node> nodes = 4;
  map<uint32, bytes> blobs = 5;
  map<string, google.protobuf.Timestamp> times = 6;
  map<sfixed64, google.protobuf.Value> things = 7;
}

message Choice {
  oneof method {
    string note = 1;
    Card card = 2;
    trip.common.Money cash = 3;
    int64 points = 4;
    google.protobuf.Timestamp later = 5;
  }
  message Card { string number = 1; oneof second { string pin = 2; int32 cvv = 3; } }
  oneof other { bool yes = 6; bool no = 7; }
}

message Node { string name = 1; Node left = 2; Node right = 3; repeated Node more = 4; Kind kind = 5; enum Kind { LEAF = 0; BRANCH = 1; } }

message Lists {
  repeated int32 packed = 1;
  repeated int64 unpacked = 2 [packed = false];
  repeated string texts = 3;
  repeated bytes blobs = 4;
  repeated Color colors = 5;
  repeated double doubles = 6;
  repeated bool flags = 7;
  repeated trip.common.Money amounts = 8;
}

message Names {
  string snake_case_name = 1;
  string with_2_digits = 2;
  string renamed = 3 [json_name = "other"];
  string UPPER = 4;
  string trailing_ = 5;
  string constructor = 6;
  string toString = 7;
  string type = 8;
  string message = 9;
  string hasOwnProperty = 10;
}
`;

const common = `
syntax = "proto3";
package trip.common;
import public "trip/money.proto";
`;

const money = `
syntax = "proto3";
package trip.common;
message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }
`;

const legacy = `
syntax = "proto2";
package trip.legacy;
import "trip/common.proto";
message Legacy {
  required string id = 1;
  optional int32 count = 2 [default = 42];
  optional string text = 3 [default = "none"];
  optional bool flag = 4 [default = true];
  optional double ratio = 5 [default = inf];
  optional Level level = 6 [default = HIGH];
  optional int64 big = 7 [default = -9223372036854775808];
  optional string bare = 8;
  repeated int32 numbers = 9;
  repeated int32 packed = 10 [packed = true];
  optional group Part = 11 { optional string label = 12; optional Inner inner = 14; message Inner { optional int32 depth = 1; } }
  repeated group Piece = 13 { required int32 size = 1; }
  optional trip.common.Money price = 15;
  map<string, Level> levels = 16;
  extensions 100 to 199;
}
enum Level { LOW = 1; HIGH = 2; }
extend Legacy { optional string extra = 100; }
`;

const modern = `
edition = "2023";
package trip.modern;
message Modern {
  string explicit = 1;
  int32 implicit = 2 [features.field_presence = IMPLICIT];
  Inner inner = 3 [features.message_encoding = DELIMITED];
  repeated int32 expanded = 4 [features.repeated_field_encoding = EXPANDED];
  Closed closed = 5;
  repeated Inner inners = 6 [features.message_encoding = DELIMITED];
  message Inner { string text = 1; Inner next = 2 [features.message_encoding = DELIMITED]; }
}
enum Closed { option features.enum_type = CLOSED; FIRST = 3; SECOND = 4; }
`;

const scalars = `
  double: Number float: Number int32: Int int64: String uint32: ID uint64: ID sint32: Int sint64: ID fixed32: ID
  fixed64: ID sfixed32: Int sfixed64: ID bool: Boolean string: String bytes: String color: Color`;
const presence = "count: Int text: String flag: Boolean ratio: Float raw: String color: Color";
const known =
  "at: String took: String mask: String meta: JSON anyValue: JSON list: JSON detail: JSON times: [String] values: [JSON]";
const wrapped =
  "double: Float float: Float int64: String uint64: ID int32: Int uint32: ID bool: Boolean string: String bytes: String";
const maps = (entry: string) =>
  `counts: JSON byNumber: [NumberText${entry}] byFlag: JSON nodes: [NamedNode${entry}] blobs: JSON times: JSON things: JSON`;
const lists = (amount: string) =>
  `packed: [Int] unpacked: [ID] texts: [String] blobs: [String] colors: [Color] doubles: [Float] flags: [Boolean] amounts: [${amount}]`;
const names =
  "snakeCaseName: String with2Digits: String other: String UPPER: String trailing: String constructor: String toString: String type: String message: String hasOwnProperty: String";
const legacyFields = (part: string) =>
  `id: ID! count: Int text: String flag: Boolean ratio: Number level: Level big: ID bare: String numbers: [Int] packed: [Int] part: Part${part} piece: [Piece${part}] price: Money${part}`;
const modernFields = (input: string) =>
  `explicit: String implicit: Int inner: Inner${input} expanded: [Int] closed: Closed inners: [Inner${input}]`;
const choice = (input: string) =>
  `note: String card: Card${input} cash: Money${input} points: ID later: String yes: Boolean no: Boolean`;

const types = `
scalar JSON
scalar Number
enum Color { NONE RED DEEP COLD }
enum Level { LOW HIGH }
enum Closed { FIRST SECOND }
enum Kind { LEAF BRANCH }
type Box {
  scalars: Scalars presence: Presence known: Known wrapped: Wrapped maps: Maps choice: Choice legacy: Legacy
  modern: Modern tree: Node lists: Lists names: Names empty: JSON whole: JSON @from(field: "known")
}
type Scalars { ${scalars} }
type Presence { ${presence} node: Node }
type Known { ${known} moment: Moment @from(field: "at") span: Moment @from(field: "took") meaning: Meaning @from(field: "meta") }
type Moment { seconds: String nanos: Int }
type Meaning { color: String size: Float }
type Wrapped { ${wrapped} }
type Maps { ${maps("")} red: ID @from(field: "counts.red") }
type NumberText { key: ID value: String }
type NamedNode { key: String value: Node }
type Choice { ${choice("")} }
type Card { number: String pin: String cvv: Int }
type Money { currencyCode: String units: String nanos: Int }
type Node { name: String left: Node right: Node more: [Node] kind: Kind }
type Lists { ${lists("Money")} }
type Names { ${names} }
type Legacy { ${legacyFields("")} }
type Part { label: String depth: Int @from(field: "inner.depth") }
type Piece { size: Int }
type Modern { ${modernFields("")} }
type Inner { text: String next: Inner }
input ScalarsIn { ${scalars} }
input PresenceIn { ${presence} node: NodeIn }
input KnownIn { ${known} }
input WrappedIn { ${wrapped} }
input MapsIn { ${maps("In")} }
input NumberTextIn { key: ID! value: String }
input NamedNodeIn { key: String! value: NodeIn }
input ChoiceIn { ${choice("In")} }
input CardIn { number: String pin: String cvv: Int }
input MoneyIn { currencyCode: String units: String nanos: Int }
input NodeIn { name: String left: NodeIn right: NodeIn more: [NodeIn] kind: Kind }
input ListsIn { ${lists("MoneyIn")} }
input NamesIn { ${names} }
input LegacyIn { ${legacyFields("In")} }
input PartIn { label: String inner: JSON }
input PieceIn { size: Int! }
input ModernIn { ${modernFields("In")} }
input InnerIn { text: String next: InnerIn }`;

const echo = `echo(
  scalars: ScalarsIn presence: PresenceIn known: KnownIn wrapped: WrappedIn maps: MapsIn choice: ChoiceIn
  legacy: LegacyIn modern: ModernIn tree: NodeIn lists: ListsIn names: NamesIn empty: JSON): Box`;

/** Every feature of protobuf, in four packages of proto2, proto3 and an edition, and the types that read and fill it. */
export const roundTripFiles: GrpcProjectFiles = {
  protos: {
    "trip/service.proto": service,
    "trip/common.proto": common,
    "trip/money.proto": money,
    "trip/legacy.proto": legacy,
    "trip/modern.proto": modern,
  },
  proto: "trip/service.proto",
  source: `extend schema @source(name: "trip", url: "grpc://x", proto: "trip/service.proto", service: "trip.v1.TripService")
type Query { ${echo} @grpc(method: "Echo") }
${types}`,
  client: `type Query { ${echo} }
${types.replaceAll(/ @from\(field: "[^"]*"\)/g, "")}`,
};
