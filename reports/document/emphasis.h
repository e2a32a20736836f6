// Why a piece of text stands out; each renderer shows it in its own way.
#pragma once

namespace llmarch::reports {

enum class Emphasis { plain, differs, strong, good, bad, faint };

}  // namespace llmarch::reports
