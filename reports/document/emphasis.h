// Why a piece of text stands out, for renderers to show as they can.
#pragma once

namespace llmarch::reports {

enum class Emphasis { plain, differs, strong, good, bad, faint };

}  // namespace llmarch::reports
