// Models that stay read between the command lines of one program. The npm package and the page run
// one command line after another, and most of the time of a short one is the reading of its specs.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "sim/study/model.h"

namespace llmarch::cli {

class KeptModels {
 public:
  // The model that `read` makes of `text`, read again only where another text has the name now. The
  // text is compared and not the time of its file, which two texts of one name may share. Throws
  // what `read` throws, and keeps nothing then.
  const Model& find(const std::string& name, std::string_view text,
                    const std::function<Model()>& read);

 private:
  struct Kept {
    std::string text;
    Model model;
  };
  std::map<std::string, Kept> models_;
};

}  // namespace llmarch::cli
