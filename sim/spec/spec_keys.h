// A field of a study that holds keys of a spec. Only the loader of specs can read them, so that the
// readers of fields and the writers of formats know no more than that a table stands there.
#pragma once

namespace llmarch {

struct SpecKeys {};

}  // namespace llmarch
